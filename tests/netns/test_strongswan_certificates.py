"""strongSwan and Dormouse prove themselves to each other by certificates, each as initiator and as responder: RSA and ECDSA by
the old methods and by RFC 7427 (PKCS#1 and PSS), Ed25519; a certificate on one side and a shared key on the other."""
import conf
import netns
import pki
import scenario
import strongswan
from scenario import check

IKE, IKE_PEER, ESP, ESP_PEER = strongswan.SUITES[2]
OURS = "dormouse.example.com"
THEIRS = "swan.example.com"

# kind of key, RFC 7427, format of RSA, method that both then use
CASES = [
    ("rsa", False, None, "RSA signature"),
    ("rsa", True, "pkcs1", "digital signature"),
    ("rsa", True, "pss", "digital signature"),
    ("p256", False, None, "ECDSA P-256 signature"),
    ("p384", True, None, "digital signature"),
    ("p521", False, None, "ECDSA P-521 signature"),
    ("p521", True, None, "digital signature"),
    ("ed25519", True, None, "digital signature"),
]


def charon(world, authority, leaf, server, form, by_psk=False):
    """strongSwan as the gateway or as the client; `by_psk`: it has a certificate, its peer the shared key."""
    ends = [netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, "192.168.5.0/24", "10.1.100.0/24"]
    if not server:
        ends = [ends[1], ends[0], ends[3], ends[2]]
    auth = "rsa/pss" if form == "pss" else "pubkey"
    peer = strongswan.Charon(world, "sgw" if server else "cgw", *ends, IKE_PEER, ESP_PEER,
                             proof=f"auth = {auth}\n    id = {THEIRS}\n    certs = {leaf.certificate.name}",
                             peer_proof=None if by_psk else f"auth = {auth}\n    id = {OURS}")
    peer.install("x509", leaf.certificate)
    peer.install("x509ca", authority.certificate)
    peer.install("private", leaf.key)
    return peer.start()


def policy(digital, form):
    more = {"localid": f'"{OURS}"', "proposal": IKE}
    if digital:
        more["digital_signature_auth"] = "enable"
    if form:
        more["rsa_signature_format"] = form
    return more


def as_client(world, authority, ours, theirs, digital, form, method):
    peer = charon(world, authority, theirs, True, form)
    text = pki.sign(conf.client(), "toServer", authority, ours, "own", **policy(digital, form))
    client = world.client(text.phase2("toServer", proposal=ESP)).start()
    tunnel = client.wait_state("toServer", "up", 20)
    check(tunnel["auth_method"] == method, f"{method}, not {tunnel['auth_method']}")
    check(THEIRS in tunnel["certificate"], "its subject is shown")
    world.wait_ping()
    check(client.stop() == 0, "the client ends with 0")
    peer.stop()


def as_server(world, authority, ours, theirs, digital, form, method):
    text = pki.sign(conf.server(), "toClient", authority, ours, "own", **policy(digital, form))
    server = world.server(text.phase2("toClient", proposal=ESP)).start()
    peer = charon(world, authority, theirs, False, form)
    peer.initiate()
    tunnel = server.wait_state("toClient_0", "up")
    check(tunnel["auth_method"] == method, f"{method}, not {tunnel['auth_method']}")
    world.wait_ping()
    peer.terminate()
    server.wait_state("toClient_0", "gone")
    check(server.stop() == 0, "the gateway ends with 0")
    peer.stop()


def half_and_half(world, authority, theirs):
    """The gateway has a certificate, we have the shared key (RFC 7296 4)."""
    peer = charon(world, authority, theirs, True, None, by_psk=True)
    text = conf.client().add(authority.configuration())
    text.phase1("toServer", authmethod="psk", authmethod_remote="signature", proposal=IKE)
    client = world.client(text.phase2("toServer", proposal=ESP)).start()
    tunnel = client.wait_state("toServer", "up", 20)
    check(THEIRS in tunnel["certificate"], "its subject is shown")
    world.wait_ping()
    check(client.stop() == 0, "the client ends with 0")
    peer.stop()
    world.say("a certificate there, a shared key here")


def test(world):
    authority = pki.Authority(world.workdir, "Office")
    leaves = {kind: (authority.issue(OURS, kind, f"DNS:{OURS}"), authority.issue(THEIRS, kind, f"DNS:{THEIRS}"))
              for kind in {case[0] for case in CASES}}
    for kind, digital, form, method in CASES:
        as_client(world, authority, *leaves[kind], digital, form, method)
        as_server(world, authority, *leaves[kind], digital, form, method)
        world.say(f"{kind}, {form or 'plain'}: {method}, both ways")
    half_and_half(world, authority, leaves["p256"][1])


reason = strongswan.why_not() or pki.why_not()
if reason:
    scenario.skip(reason)
scenario.main(test)
