// Names that FortiOS has. An attribute or section that is here and not in the rows is refused as "not supported" rather
// than "unknown".
#include <algorithm>

#include "config/schema/schema.h"

namespace dormouse::config {
namespace {

struct Names {
  std::string_view path, parent;
  std::string_view attributes;
  std::string_view tables = {};  ///< nested sections
};

constexpr Names kFortios[] = {
    {"system global", "",
     "admin-concurrent admin-console-timeout admin-forticloud-sso-default-profile admin-forticloud-sso-login "
     "admin-host admin-hsts-max-age admin-https-pki-required admin-https-redirect "
     "admin-https-ssl-banned-ciphers admin-https-ssl-ciphersuites admin-https-ssl-versions "
     "admin-lockout-duration admin-lockout-threshold admin-login-max admin-maintainer admin-port "
     "admin-restrict-local admin-scp admin-server-cert admin-sport admin-ssh-grace-time admin-ssh-password "
     "admin-ssh-port admin-ssh-v1 admin-telnet admin-telnet-port admintimeout alias allow-traffic-redirect "
     "anti-replay application-bandwidth-tracking arp-max-entry asymroute auth-cert auth-http-port "
     "auth-https-port auth-ike-saml-port auth-keepalive auth-session-auto-backup "
     "auth-session-auto-backup-interval auth-session-limit auto-auth-extension-device autorun-log-fsck "
     "av-affinity av-failopen av-failopen-session batch-cmdb bfd-affinity block-session-timer br-fdb-max-entry "
     "cert-chain-max cfg-revert-timeout cfg-save check-protocol-header check-reset-range cli-audit-log "
     "cloud-communication clt-cert-req cmdbsvr-affinity compliance-check compliance-check-time "
     "cpu-use-threshold csr-ca-attribute daily-restart default-service-source-port delay-tcp-npu-session "
     "device-identification-active-scan-delay device-idle-timeout dh-params dhcp-lease-backup-interval "
     "dnsproxy-worker-count dst early-tcp-npu-session edit-vdom-prompt endpoint-control-fds-access "
     "endpoint-control-portal-port extender-controller-reserved-network failtime faz-disk-buffer-size "
     "fds-statistics fds-statistics-period fec-port fgd-alert-subscription forticarrier-bypass "
     "forticonverter-config-upload forticonverter-integration fortiextender fortiextender-data-port "
     "fortiextender-discovery-lockdown fortiextender-provision-on-authorization fortiextender-vlan-mode "
     "fortigslb-integration fortiipam-integration fortiservice-port fortitoken-cloud "
     "fortitoken-cloud-push-status fortitoken-cloud-region fortitoken-cloud-sync-interval "
     "gui-allow-default-hostname gui-allow-incompatible-fabric-fgt gui-app-detection-sdwan "
     "gui-auto-upgrade-setup-warning gui-cdn-domain-override gui-cdn-usage gui-certificates gui-custom-language "
     "gui-date-format gui-date-time-source gui-device-latitude gui-device-longitude gui-display-hostname "
     "gui-firmware-upgrade-warning gui-forticare-registration-setup-warning gui-fortigate-cloud-sandbox "
     "gui-fortiguard-resource-fetch gui-fortisandbox-cloud gui-ipv6 gui-lines-per-page gui-local-out "
     "gui-replacement-message-groups gui-rest-api-cache gui-theme gui-wireless-opensecurity "
     "gui-workflow-management ha-affinity honor-df hostname httpd-max-worker-count igmp-state-limit "
     "interface-subnet-usage internet-service-database internet-service-download-list interval "
     "ip-conflict-detection ip-fragment-mem-thresholds ip-fragment-timeout ip-src-port-range ips-affinity "
     "ipsec-asic-offload ipsec-ha-seqjump-rate ipsec-hmac-offload ipsec-qat-offload ipsec-round-robin "
     "ipsec-soft-dec-async ipv6-accept-dad ipv6-allow-anycast-probe ipv6-allow-local-in-silent-drop "
     "ipv6-allow-local-in-slient-drop ipv6-allow-multicast-probe ipv6-allow-traffic-redirect "
     "ipv6-fragment-timeout ipv6-snat-route-change irq-time-accounting language ldapconntimeout lldp-reception "
     "lldp-transmission log-single-cpu-high log-ssl-connection log-uuid log-uuid-address log-uuid-policy "
     "login-timestamp long-vdom-name management-ip management-port management-port-use-admin-sport "
     "management-vdom max-dlpstat-memory max-route-cache-size mc-ttl-notchange memory-use-threshold-extreme "
     "memory-use-threshold-green memory-use-threshold-red miglog-affinity miglogd-children "
     "multi-factor-authentication multicast-forward ndp-max-entry npu-neighbor-update per-user-bal per-user-bwl "
     "pmtu-discovery policy-auth-concurrent post-login-banner pre-login-banner private-data-encryption "
     "proxy-auth-lifetime proxy-auth-lifetime-timeout proxy-auth-timeout proxy-cert-use-mgmt-vdom "
     "proxy-cipher-hardware-acceleration proxy-hardware-acceleration proxy-keep-alive-mode "
     "proxy-kxp-hardware-acceleration proxy-re-authentication-mode proxy-re-authentication-time "
     "proxy-resource-mode proxy-worker-count purdue-level quic-ack-thresold quic-congestion-control-algo "
     "quic-max-datagram-size quic-pmtud quic-tls-handshake-timeout quic-udp-payload-size-shaping-per-cid "
     "radius-port reboot-upon-config-restore refresh remoteauthtimeout reset-sessionless-tcp "
     "rest-api-key-url-query restart-time revision-backup-on-logout revision-image-auto-backup router-affinity "
     "scanunit-count scim-http-port scim-https-port scim-server-cert security-rating-result-submission "
     "security-rating-run-on-schedule send-pmtu-icmp sflowd-max-children-num single-vdom-npuvlink "
     "snat-route-change special-file-23-support speedtest-server speedtestd-ctrl-port speedtestd-server-port "
     "split-port ssd-trim-date ssd-trim-freq ssd-trim-hour ssd-trim-min ssd-trim-weekday ssh-cbc-cipher "
     "ssh-enc-algo ssh-hmac-md5 ssh-hostkey ssh-hostkey-algo ssh-hostkey-override ssh-hostkey-password "
     "ssh-kex-algo ssh-kex-sha1 ssh-mac-algo ssh-mac-weak ssl-min-proto-version ssl-static-key-ciphers "
     "sslvpn-affinity sslvpn-cipher-hardware-acceleration sslvpn-ems-sn-check sslvpn-kxp-hardware-acceleration "
     "sslvpn-max-worker-count sslvpn-plugin-version-check sslvpn-web-mode strict-dirty-session-check "
     "strong-crypto switch-controller switch-controller-reserved-network sys-perf-log-interval syslog-affinity "
     "tcp-halfclose-timer tcp-halfopen-timer tcp-option tcp-rst-timer tcp-timewait-timer telemetry-controller "
     "telemetry-data-port tftp timezone tls-session-cache tp-mc-skip-policy traffic-priority "
     "traffic-priority-level two-factor-email-expiry two-factor-fac-expiry two-factor-ftk-expiry "
     "two-factor-ftm-expiry two-factor-sms-expiry udp-idle-timer upgrade-report url-filter-affinity "
     "url-filter-count user-device-store-max-device-mem user-device-store-max-devices "
     "user-device-store-max-unified-mem user-device-store-max-users user-history-password-threshold "
     "user-server-cert vdom-admin vdom-mode vip-arp-range virtual-server-count "
     "virtual-server-hardware-acceleration virtual-switch-vlan vpn-ems-sn-check wad-affinity wad-csvc-cs-count "
     "wad-csvc-db-count wad-memory-change-granularity wad-p2s-max-body-size wad-restart-end-time "
     "wad-restart-mode wad-restart-start-time wad-source-affinity wad-worker-count wifi-ca-certificate "
     "wifi-certificate wimax-4g-usb wireless-controller wireless-controller-port",
     "split-port-mode"},
    {"system settings", "",
     "allow-linkdown-path allow-subnet-overlap application-bandwidth-tracking asymroute asymroute-icmp "
     "asymroute6 asymroute6-icmp auxiliary-session bfd bfd-desired-min-tx bfd-detect-mult "
     "bfd-dont-enforce-src-port bfd-required-min-rx block-land-attack central-nat comments compliance-check "
     "consolidated-firewall-mode default-app-port-as-service default-policy-expiry-days default-voip-alg-mode "
     "deny-tcp-with-icmp detect-unknown-esp device dhcp-proxy dhcp-proxy-interface "
     "dhcp-proxy-interface-select-method dhcp-proxy-vrf-select dhcp-server-ip dhcp6-server-ip "
     "discovered-device-timeout dyn-addr-session-check ecmp-max-paths email-portal-check-dns "
     "ext-resource-session-check firewall-session-dirty fqdn-session-check fw-session-hairpin gateway gateway6 "
     "gtp-asym-fgsp gtp-monitor-mode gui-advanced-policy gui-advanced-wireless-features "
     "gui-allow-unnamed-policy gui-antivirus gui-ap-profile gui-application-control gui-casb "
     "gui-default-policy-columns gui-dhcp-advanced gui-dlp gui-dlp-advanced gui-dlp-profile gui-dns-database "
     "gui-dnsfilter gui-domain-ip-reputation gui-dos-policy gui-dynamic-device-os-id "
     "gui-dynamic-profile-display gui-dynamic-routing gui-email-collection gui-endpoint-control "
     "gui-endpoint-control-advanced gui-enforce-change-summary gui-explicit-proxy gui-file-filter "
     "gui-fortiap-split-tunneling gui-fortiextender-controller gui-fortitelemetry gui-gtp gui-icap "
     "gui-implicit-policy gui-ips gui-load-balance gui-local-in-policy gui-local-reports gui-multicast-policy "
     "gui-multiple-interface-policy gui-multiple-utm-profiles gui-nat46-64 gui-object-colors gui-ot "
     "gui-per-policy-disclaimer gui-policy-based-ipsec gui-policy-disclaimer gui-policy-learning "
     "gui-proxy-inspection gui-replacement-message-groups gui-route-tag-address-creation "
     "gui-security-profile-group gui-spamfilter gui-sslvpn gui-sslvpn-personal-bookmarks gui-sslvpn-realms "
     "gui-switch-controller gui-threat-weight gui-traffic-shaping gui-videofilter gui-virtual-patch-profile "
     "gui-voip-profile gui-vpn gui-waf-profile gui-wan-load-balancing gui-wanopt-cache gui-webfilter "
     "gui-webfilter-advanced gui-wireless-controller gui-ztna h323-direct-model http-external-dest "
     "ike-detailed-event-logs ike-dn-format ike-policy-route ike-port ike-quick-crash-detect ike-session-resume "
     "ike-tcp-port implicit-allow-dns inspection-mode internet-service-app-ctrl-size "
     "internet-service-database-cache intree-ses-best-route ip ip6 lan-extension-controller-addr "
     "link-down-access lldp-reception lldp-transmission location-id mac-ttl manageip manageip6 "
     "multicast-forward multicast-skip-policy multicast-ttl-notchange nat46-force-ipv4-packet-forwarding "
     "nat46-generate-ipv6-fragment-header nat64-force-ipv6-packet-forwarding ngfw-mode opmode pfcp-monitor-mode "
     "policy-offload-level prp-trailer-action sccp-port sctp-session-without-init ses-denied-multicast-traffic "
     "ses-denied-traffic sip-expectation sip-helper sip-nat-trace sip-ssl-port sip-tcp-port sip-udp-port "
     "snat-hairpin-traffic ssl-ssh-profile status strict-src-check tcp-session-without-syn utf8-spam-tagging "
     "v4-ecmp-mode vdom-type vpn-stats-log vpn-stats-period wccp-cache-engine"},
    {"system interface", "",
     "ac-name aggregate aggregate-type algorithm alias allowaccess ap-discover arpforward auth-cert "
     "auth-portal-addr auth-type auto-auth-extension-device bandwidth-measure-time bfd bfd-desired-min-tx "
     "bfd-detect-mult bfd-required-min-rx broadcast-forticlient-discovery broadcast-forward captive-portal "
     "cli-conn-status color dedicated-to default-purdue-level defaultgw description detected-peer-mtu "
     "detectprotocol detectserver device-access-list device-identification device-identification-active-scan "
     "device-netscan device-user-identification devindex dhcp-broadcast-flag dhcp-classless-route-addition "
     "dhcp-client-identifier dhcp-relay-agent-option dhcp-relay-allow-no-end-option dhcp-relay-circuit-id "
     "dhcp-relay-interface dhcp-relay-interface-select-method dhcp-relay-ip dhcp-relay-link-selection "
     "dhcp-relay-request-all-server dhcp-relay-service dhcp-relay-source-ip dhcp-relay-type "
     "dhcp-relay-vrf-select dhcp-renew-time dhcp-smart-relay disc-retry-timeout disconnect-threshold distance "
     "dns-server-override dns-server-protocol drop-fragment drop-overlapped-fragment eap-ca-cert eap-identity "
     "eap-method eap-password eap-supplicant eap-user-cert egress-cos egress-shaping-profile "
     "endpoint-compliance estimated-downstream-bandwidth estimated-upstream-bandwidth exclude-signatures "
     "explicit-ftp-proxy explicit-web-proxy external fail-action-on-extender fail-alert-interfaces "
     "fail-alert-method fail-detect fail-detect-option fortiheartbeat fortilink fortilink-backup-link "
     "fortilink-neighbor-detect fortilink-split-interface fortilink-stacking forward-domain "
     "forward-error-correction gi-gk gwdetect ha-priority icmp-accept-redirect icmp-send-redirect ident-accept "
     "idle-timeout ike-saml-server inbandwidth ingress-cos ingress-shaping-profile ingress-spillover-threshold "
     "interconnect-profile interface internal ip ip-managed-by-fortiipam ipmac ips-sniffer-mode ipunnumbered "
     "l2forward lacp-ha-secondary lacp-ha-slave lacp-mode lacp-speed lcp-echo-interval lcp-max-echo-fails "
     "link-up-delay lldp-network-policy lldp-reception lldp-transmission macaddr managed-device "
     "managed-subnetwork-size management-ip measured-downstream-bandwidth measured-upstream-bandwidth mediatype "
     "member min-links min-links-down mirroring-direction mirroring-port mode monitor-bandwidth mtu "
     "mtu-override name ndiscforward netbios-forward netflow-sample-rate netflow-sampler netflow-sampler-id "
     "np-qos-profile outbandwidth padt-retry-timeout password ping-serv-status polling-interval port-mirroring "
     "pppoe-egress-cos pppoe-unnumbered-negotiate pptp-auth-type pptp-client pptp-password pptp-server-ip "
     "pptp-timeout pptp-user preserve-session-route priority priority-override proxy-captive-portal "
     "reachable-time redundant-interface remote-ip replacemsg-override-group ring-rx ring-tx role "
     "sample-direction sample-rate scan-botnet-connections secondary-IP security-8021x-dynamic-vlan-id "
     "security-8021x-master security-8021x-member-mode security-8021x-mode security-exempt-list "
     "security-external-logout security-external-web security-groups security-ip-auth-bypass "
     "security-mac-auth-bypass security-mode security-redirect-url service-name sflow-sampler snmp-index speed "
     "spillover-threshold src-check status stp stp-edge stp-ha-secondary stp-ha-slave stpforward "
     "stpforward-mode subst substitute-dst-mac sw-algorithm swc-first-create swc-vlan switch "
     "switch-controller-access-vlan switch-controller-arp-inspection switch-controller-dhcp-snooping "
     "switch-controller-dhcp-snooping-option82 switch-controller-dhcp-snooping-verify-mac "
     "switch-controller-dynamic switch-controller-feature switch-controller-igmp-snooping "
     "switch-controller-igmp-snooping-fast-leave switch-controller-igmp-snooping-proxy "
     "switch-controller-iot-scanning switch-controller-learning-limit switch-controller-mgmt-vlan "
     "switch-controller-nac switch-controller-netflow-collect switch-controller-offload "
     "switch-controller-offload-gw switch-controller-offload-ip switch-controller-rspan-mode "
     "switch-controller-source-ip switch-controller-traffic-policy system-id system-id-type tcp-mss "
     "telemetry-discover trunk trust-ip-1 trust-ip-2 trust-ip-3 trust-ip6-1 trust-ip6-2 trust-ip6-3 type "
     "username vdom vindex virtual-mac vlan-protocol vlanforward vlanid vrf vrrp-virtual-mac wccp weight "
     "wins-ip",
     "client-options dhcp-snooping-server-list egress-queues ipv6 mirroring-filter secondaryip tagging vrrp"},
    {"system snmp sysinfo", "",
     "append-index contact-info description engine-id engine-id-type location non-mgmt-vdom-query status "
     "trap-free-memory-threshold trap-freeable-memory-threshold trap-high-cpu-threshold trap-log-full-threshold "
     "trap-low-memory-threshold"},
    {"system snmp community", "",
     "events id mib-view name query-v1-port query-v1-status query-v2c-port query-v2c-status status "
     "trap-v1-lport trap-v1-rport trap-v1-status trap-v2c-lport trap-v2c-rport trap-v2c-status vdoms",
     "hosts6"},
    {"user peer", "",
     "ca cn cn-type ldap-mode ldap-password ldap-server ldap-username mandatory-ca-verify mfa-mode "
     "mfa-password mfa-server mfa-username name ocsp-override-server passwd subject two-factor",
     ""},
    {"user peergrp", "", "member name", ""},
    {"vpn certificate ca", "",
     "auto-update-days auto-update-days-warning ca ca-identifier est-url fabric-ca last-updated name "
     "obsolete range scep-url source source-ip ssl-inspection-trusted trusted",
     ""},
    {"vpn certificate crl", "",
     "crl http-url last-updated ldap-password ldap-server ldap-username name range scep-cert scep-url "
     "source source-ip update-interval update-vdom",
     ""},
    {"vpn certificate local", "",
     "acme-ca-url acme-domain acme-eab-key-hmac acme-eab-key-id acme-email acme-renew-window "
     "acme-rsa-key-size auto-regenerate-days auto-regenerate-days-warning ca-identifier certificate "
     "cmp-path cmp-regeneration-method cmp-server cmp-server-cert comments csr enroll-protocol "
     "est-ca-id est-client-cert est-http-password est-http-username est-regeneration-method "
     "est-server est-server-cert est-srp-password est-srp-username ike-localid ike-localid-type "
     "last-updated name name-encoding password private-key private-key-retain range scep-password "
     "scep-url source source-ip",
     ""},
    {"vpn ipsec phase1-interface", "",
     "acct-verify add-gw-route add-route addke1 addke2 addke3 addke4 addke5 addke6 addke7 aggregate-member "
     "aggregate-weight assign-ip assign-ip-from authmethod authmethod-remote authpasswd authusr authusrgrp "
     "auto-discovery-crossover auto-discovery-dialup-placeholder auto-discovery-forwarder "
     "auto-discovery-offer-interval auto-discovery-psk auto-discovery-receiver auto-discovery-sender "
     "auto-discovery-shortcuts auto-negotiate auto-transport-threshold azure-ad-autoconnect backup-gateway "
     "banner cert-id-validation cert-peer-username-strip cert-peer-username-validation cert-trust-store "
     "certificate childless-ike client-auto-negotiate client-keep-alive client-resume client-resume-interval "
     "comments default-gw default-gw-priority dev-id dev-id-notification dhcp-ra-giaddr dhcp6-ra-linkaddr dhgrp "
     "digital-signature-auth distance dns-mode dns-suffix-search domain dpd dpd-retrycount dpd-retryinterval "
     "eap eap-cert-auth eap-exclude-peergrp eap-identity ems-sn-check encap-local-gw4 encap-local-gw6 "
     "encap-remote-gw4 encap-remote-gw6 encapsulation encapsulation-address enforce-unique-id esn "
     "exchange-fgt-device-id exchange-interface-ip exchange-ip-addr4 exchange-ip-addr6 fallback-tcp-threshold "
     "fec-base fec-codec fec-egress fec-health-check fec-ingress fec-mapping-profile fec-receive-timeout "
     "fec-redundant fec-send-timeout fgsp-sync forticlient-enforcement fortinet-esp fragmentation "
     "fragmentation-mtu group-authentication group-authentication-secret ha-sync-esp-seqno idle-timeout "
     "idle-timeoutinterval ike-version inbound-dscp-copy include-local-lan interface internal-domain-list "
     "ip-delay-interval ip-fragmentation ip-version ipv4-dns-server1 ipv4-dns-server2 ipv4-dns-server3 "
     "ipv4-end-ip ipv4-name ipv4-netmask ipv4-split-exclude ipv4-split-include ipv4-start-ip ipv4-wins-server1 "
     "ipv4-wins-server2 ipv6-auto-linklocal ipv6-dns-server1 ipv6-dns-server2 ipv6-dns-server3 ipv6-end-ip "
     "ipv6-name ipv6-prefix ipv6-split-exclude ipv6-split-include ipv6-start-ip keepalive keylife kms link-cost "
     "local-gw local-gw6 localid localid-type loopback-asymroute mesh-selector-type mode mode-cfg "
     "mode-cfg-allow-client-selector monitor monitor-dict monitor-hold-down-delay monitor-hold-down-time "
     "monitor-hold-down-type monitor-hold-down-weekday monitor-min name nattraversal negotiate-timeout "
     "net-device network-id network-overlay npu-offload packet-redistribution passive-mode peer "
     "peer-egress-shaping peer-egress-shaping-value peergrp peerid peertype ppk ppk-identity ppk-secret "
     "priority proposal psksecret psksecret-remote qkd qkd-hybrid qkd-profile reauth rekey remote-gw "
     "remote-gw-country remote-gw-end-ip remote-gw-match remote-gw-start-ip remote-gw-subnet "
     "remote-gw-ztna-tags remote-gw6 remote-gw6-country remote-gw6-end-ip remote-gw6-match remote-gw6-start-ip "
     "remote-gw6-subnet remotegw-ddns rsa-signature-format rsa-signature-hash-override save-password "
     "send-cert-chain shared-idle-timeout signature-hash-alg split-include-service suite-b transport "
     "tunnel-search type unity-support usrgrp vni wizard-type xauthtype fallback-tcp-threshold",
     ""},
    {"vpn ipsec phase2-interface", "",
     "add-route addke1 addke2 addke3 addke4 addke5 addke6 addke7 auto-discovery-forwarder auto-discovery-sender "
     "auto-negotiate comments dhcp-ipsec dhgrp diffserv diffservcode dst-addr-type dst-end-ip dst-end-ip6 "
     "dst-name dst-name6 dst-port dst-start-ip dst-start-ip6 dst-subnet dst-subnet6 encapsulation "
     "inbound-dscp-copy initiator-ts-narrow ipv4-df keepalive keylife-type keylifekbs keylifeseconds l2tp name "
     "pfs phase1name proposal protocol replay route-overlap single-source src-addr-type src-end-ip src-end-ip6 "
     "src-name src-name6 src-port src-start-ip src-start-ip6 src-subnet src-subnet6"},
    {"firewall address", "",
     "agent-id allow-routing associated-interface cache-ttl clearpass-spt color comment country end-ip end-mac "
     "epg-name fabric-object filter fqdn fsso-group hw-model hw-vendor interface macaddr name node-ip-only "
     "obj-id obj-tag obj-type organization os policy-group route-tag sdn sdn-addr-type sdn-tag "
     "sso-attribute-value start-ip start-mac sub-type subnet subnet-name sw-version tag-detection-level "
     "tag-type tenant type uuid visibility wildcard wildcard-fqdn",
     "list tagging"},
    {"firewall addrgrp", "",
     "allow-routing category color comment exclude exclude-member fabric-object member name type uuid "
     "visibility",
     "tagging"},
    {"firewall service custom", "",
     "app-category app-service-type application category check-reset-range color comment fabric-object fqdn "
     "helper icmpcode icmptype iprange name protocol protocol-number proxy sctp-portrange session-ttl "
     "tcp-halfclose-timer tcp-halfopen-timer tcp-portrange tcp-rst-timer tcp-timewait-timer udp-idle-timer "
     "udp-portrange udplite-portrange uuid visibility"},
    {"firewall service group", "", "color comment fabric-object member name proxy uuid"},
    {"firewall policy", "",
     "action anti-replay app-category app-group app-monitor application application-list auth-cert auth-path "
     "auth-redirect-addr auto-asic-offload av-profile block-notification captive-portal-exempt capture-packet "
     "casb-profile cifs-profile comments custom-log-fields decrypted-traffic-mirror delay-tcp-npu-session "
     "devices diameter-filter-profile diffserv-copy diffserv-forward diffserv-reverse diffservcode-forward "
     "diffservcode-rev disclaimer dlp-profile dlp-sensor dnsfilter-profile dscp-match dscp-negate dscp-value "
     "dsri dstaddr dstaddr-negate dstaddr6 dstaddr6-negate dstintf dynamic-shaping email-collect "
     "emailfilter-profile fec file-filter-profile firewall-session-dirty fixedport fsso fsso-agent-for-ntlm "
     "fsso-groups geoip-anycast geoip-match global-label groups gtp-profile http-policy-redirect icap-profile "
     "identity-based-route inbound inspection-mode internet-service internet-service-custom "
     "internet-service-custom-group internet-service-fortiguard internet-service-group internet-service-id "
     "internet-service-name internet-service-negate internet-service-src internet-service-src-custom "
     "internet-service-src-custom-group internet-service-src-fortiguard internet-service-src-group "
     "internet-service-src-id internet-service-src-name internet-service-src-negate internet-service6 "
     "internet-service6-custom internet-service6-custom-group internet-service6-fortiguard "
     "internet-service6-group internet-service6-name internet-service6-negate internet-service6-src "
     "internet-service6-src-custom internet-service6-src-custom-group internet-service6-src-fortiguard "
     "internet-service6-src-group internet-service6-src-name internet-service6-src-negate ippool ips-sensor "
     "ips-voip-filter label learning-mode log-http-transaction logtraffic logtraffic-start match-vip "
     "match-vip-only mms-profile name nat nat46 nat64 natinbound natip natoutbound network-service-dynamic "
     "network-service-src-dynamic np-acceleration ntlm ntlm-enabled-browsers ntlm-guest outbound "
     "passive-wan-health-measurement pcp-inbound pcp-outbound pcp-poolname per-ip-shaper permit-any-host "
     "permit-stun-host pfcp-profile policy-expiry policy-expiry-date policy-expiry-date-utc policyid poolname "
     "poolname6 port-preserve port-random profile-group profile-protocol-options profile-type "
     "radius-ip-auth-bypass radius-mac-auth-bypass redirect-url replacemsg-override-group reputation-direction "
     "reputation-direction6 reputation-minimum reputation-minimum6 rsso rtp-addr rtp-nat saml-server "
     "scan-botnet-connections schedule schedule-timeout scim scim-groups scim-users sctp-filter-profile "
     "send-deny-packet service service-negate session-ttl sgt sgt-check spamfilter-profile src-vendor-mac "
     "srcaddr srcaddr-negate srcaddr6 srcaddr6-negate srcintf ssh-filter-profile ssh-policy-redirect ssl-mirror "
     "ssl-mirror-intf ssl-ssh-profile status tcp-mss-receiver tcp-mss-sender tcp-session-without-syn "
     "telemetry-profile timeout-send-rst tos tos-mask tos-negate traffic-shaper traffic-shaper-reverse "
     "url-category users utm-status uuid videofilter-profile virtual-patch-profile vlan-cos-fwd vlan-cos-rev "
     "vlan-filter voip-profile vpntunnel waf-profile wanopt wanopt-detection wanopt-passive-opt wanopt-peer "
     "wanopt-profile wccp webcache webcache-https webfilter-profile webproxy-forward-server webproxy-profile "
     "wsso ztna-device-ownership ztna-ems-tag ztna-ems-tag-negate ztna-ems-tag-secondary ztna-geo-tag "
     "ztna-policy-redirect ztna-status ztna-tags-match-logic"},
    {"router static", "",
     "bfd blackhole comment device distance dst dstaddr dynamic-gateway gateway internet-service "
     "internet-service-custom internet-service-fortiguard link-monitor-exempt preferred-source priority sdwan "
     "sdwan-zone seq-num src status tag virtual-wan-link vrf weight"},
    {"hosts", "system snmp community",
     "ha-direct host-type id interface interface-select-method ip source-ip vrf-select"},
    {"ipv4-exclude-range", "vpn ipsec phase1-interface", "end-ip id start-ip"},
    {"ipv6-exclude-range", "vpn ipsec phase1-interface", "end-ip id start-ip"},
};

/// Sections of FortiOS of which Dormouse has nothing: those that stand near its own in a backup.
constexpr std::string_view kForeignSections[] = {
    "antivirus profile",
    "application list",
    "firewall address6",
    "firewall addrgrp6",
    "firewall internet-service-name",
    "firewall ippool",
    "firewall local-in-policy",
    "firewall schedule group",
    "firewall schedule onetime",
    "firewall schedule recurring",
    "firewall service category",
    "firewall shaping-policy",
    "firewall ssl-ssh-profile",
    "firewall vip",
    "ips sensor",
    "log disk setting",
    "log eventfilter",
    "log memory setting",
    "log syslogd setting",
    "router bgp",
    "router ospf",
    "router policy",
    "router static6",
    "switch-controller global",
    "system accprofile",
    "system admin",
    "system automation-action",
    "system central-management",
    "system console",
    "system dhcp server",
    "system dns",
    "system dns-database",
    "system fortiguard",
    "system ha",
    "system ike",
    "system ntp",
    "system replacemsg",
    "system sdwan",
    "system snmp user",
    "system vdom",
    "system virtual-switch",
    "system zone",
    "user group",
    "user local",
    "user radius",
    "user setting",
    "vpn certificate remote",
    "vpn ipsec concentrator",
    "vpn ipsec forticlient",
    "vpn ipsec manualkey",
    "vpn ipsec phase1",
    "vpn ipsec phase2",
    "vpn ssl settings",
    "webfilter profile",
    "wireless-controller vap",
};

const Names* find_names(std::string_view path, std::string_view parent) {
  const auto it = std::ranges::find_if(kFortios, [&](const Names& n) { return n.path == path && n.parent == parent; });
  return it == std::end(kFortios) ? nullptr : &*it;
}

bool has_word(std::string_view words, std::string_view word) {
  const auto all = split(words);
  return std::ranges::find(all, word) != all.end();
}

}  // namespace

bool is_fortios_attribute(const TableSpec& table, std::string_view name) {
  const auto* names = find_names(table.path, table.parent);
  return names && has_word(names->attributes, name);
}

bool is_foreign_section(std::string_view path, std::string_view parent) {
  if (const auto* names = find_names(parent, ""); !parent.empty()) return names && has_word(names->tables, path);
  return std::ranges::find(kForeignSections, path) != std::end(kForeignSections);
}

}  // namespace dormouse::config
