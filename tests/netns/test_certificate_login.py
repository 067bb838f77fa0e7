"""Logins by certificate with the real programs: every kind of key, PKCS#1 and PSS, by the old methods and by RFC 7427; a
shared key on one side; and each way to be refused, with its reason in the gateway's log."""
import conf
import netns
import pki
import scenario
from scenario import check

SERVER = f"IP:{netns.SERVER_OUTSIDE},DNS:gateway.example.com"
CLIENT = "DNS:laptop.example.com"
SWITCH = """
config system settings
    set ike-quick-crash-detect enable
    set ike-session-resume enable
end
"""


def come_and_go(world, server, client, method):
    server, client = world.pair(client, server)[::-1]
    tunnel = server.tunnels()["toClient_0"]
    check(tunnel["auth_method"] == method, f"{method}, not {tunnel['auth_method']}")
    check("CN=laptop" in tunnel["certificate"], f"the client's subject, not {tunnel['certificate']!r}")
    check("peer-id-auth: yes" in server.shell("diagnose vpn ike gateway list"), "the operator sees it")
    check(client.stop() == 0 and server.stop() == 0, "both end with 0")
    world.say(f"{method}: {tunnel['certificate']}")


def every_key(world, authority):
    methods = {"rsa": "RSA signature", "p256": "ECDSA P-256 signature", "p384": "ECDSA P-384 signature",
               "p521": "ECDSA P-521 signature", "ed25519": "digital signature"}
    for kind, method in methods.items():
        ours, theirs = authority.issue("gateway", kind, SERVER), authority.issue("laptop", kind, CLIENT)
        come_and_go(world, pki.sign(conf.server(), "toClient", authority, ours, "own"),
                    pki.sign(conf.client(), "toServer", authority, theirs, "own"), method)
        if kind == "ed25519":
            continue
        for form in ("pkcs1", "pss") if kind == "rsa" else ("pkcs1",):
            more = {"digital_signature_auth": "enable", "rsa_signature_format": form}
            come_and_go(world, pki.sign(conf.server(), "toClient", authority, ours, "own", **more),
                        pki.sign(conf.client(), "toServer", authority, theirs, "own", **more), "digital signature")


def refused(world, server, client, reason):
    server, client = world.server(server).start(), world.client(client).start()
    server.log.wait(rf"login refused: toClient, .*reason: {reason}", timeout=20)
    check(not server.tunnels(), "no tunnel at the gateway")
    check(server.status()["phase1"][0]["refused_by_reason"].get(reason, 0) >= 1, "counted with its reason")
    check(client.stop() == 0 and server.stop() == 0, "both end with 0")
    world.say(f"refused: {reason}")


def every_refusal(world, authority, stranger):
    ours = authority.issue("gateway", "p256", SERVER)
    good = authority.issue("laptop", "p256", CLIENT)

    def server(**more):
        return pki.sign(conf.server(), "toClient", authority, ours, "own", **more)

    def client(leaf, **more):
        return pki.sign(conf.client(), "toServer", authority, leaf, "own", **more)

    refused(world, server(), client(authority.issue("laptop", "p256", CLIENT, expired=True)), "certificate expired")
    refused(world, server(), client(stranger.issue("laptop", "p256", CLIENT)), "unknown certificate authority")
    refused(world, server(), client(good, localid='"boss.example.com"'), "its identity is not in its certificate")
    refused(world, server().add(pki.revocations("list", authority.revoke(good))), client(good), "certificate revoked")
    peer = 'config user peer\n    edit "boss"\n        set cn "boss"\n    next\nend\n'
    refused(world, server(peertype="peer", peer='"boss"').add(peer), client(authority.issue("laptop", "p256", CLIENT)),
            "no user peer fits its certificate")


def revoked_while_up(world, authority):
    ours = authority.issue("gateway", "p256", SERVER)
    theirs = authority.issue("laptop", "p256", CLIENT)
    text = pki.sign(conf.server(), "toClient", authority, ours, "own")
    client, server = world.pair(pki.sign(conf.client(), "toServer", authority, theirs, "own"), text)
    check(server.reload(text.add(pki.revocations("list", authority.revoke(theirs)))), "the list is accepted")
    server.log.wait(r"tunnel down: toClient_0 .*reason: certificate revoked", timeout=5)
    server.log.wait(r"login refused: .*reason: certificate revoked", timeout=20)
    check(client.stop() == 0 and server.stop() == 0, "both end with 0")
    world.say("revoked while it was up")


def by_ticket(world, authority):
    """What a ticket keeps of a certificate is held against the list of the day; also of one in the middle of the chain."""
    branch = pki.Authority(world.workdir, "Branch", above=authority)
    ours, theirs = authority.issue("gateway", "p256", SERVER), branch.issue("laptop", "p256", CLIENT)
    text = pki.sign(conf.server().add(SWITCH), "toClient", authority, ours, "own")
    client, server = world.pair(pki.sign(conf.client().add(SWITCH), "toServer", authority, theirs, "own"), text)
    client.log.wait(r"got a session ticket")
    plain = str(text)
    somebody = authority.revoke(authority.issue("somebody", "p256"))
    for configuration in (plain, plain + pki.revocations("list", somebody)):
        mark = client.log.mark()
        server.kill()
        server.write(configuration)
        server.start()
        server.log.wait(r"tunnel resumed: toClient_0 by ticket", timeout=20)
        client.log.wait(r"got a session ticket", mark)
        check(server.tunnels()["toClient_0"]["auth_method"] == "ECDSA P-256 signature", "the method of the login")
    world.say("back by ticket, with a list and without")
    server.kill()
    server.write(plain + pki.revocations("list", authority.revoke(branch)))
    server.start()
    server.log.wait(r"session ticket refused: certificate revoked", timeout=20)
    server.log.wait(r"login refused: .*reason: certificate revoked", timeout=20)
    check(client.stop() == 0 and server.stop() == 0, "both end with 0")
    world.say("the authority between was revoked")


def test(world):
    authority, stranger = pki.Authority(world.workdir, "Office"), pki.Authority(world.workdir, "Stranger")
    every_key(world, authority)
    every_refusal(world, authority, stranger)
    revoked_while_up(world, authority)
    by_ticket(world, authority)


reason = pki.why_not()
if reason:
    scenario.skip(reason)
scenario.main(test)
