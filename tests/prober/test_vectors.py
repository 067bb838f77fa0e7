"""The prober's own arithmetic, against published values: it may not be wrong in the same way as what it probes."""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
try:
    from prober import esp, suites, wire
    from prober.numbers import Exchange, Kind, Note
except ImportError as missing:
    if (missing.name or "").startswith("prober"):
        raise
    print(f"skipped: {sys.executable} cannot use cryptography: {missing} (Debian: python3-cryptography, ./dev setup)")
    sys.exit(77)

GCM256 = suites.Suite(20, 256, 5, None, 31)
GCM256_SHA512 = suites.Suite(20, 256, 7, None, 31)
NI, NR = bytes(range(0x40, 0x60)), bytes(range(0x80, 0xA0))
SPI_I, SPI_R = bytes.fromhex("0102030405060708"), bytes.fromhex("1112131415161718")
TICKET = bytes.fromhex("00112233445566778899aabbccddeeff")
MESSAGE1 = bytes.fromhex(
    "0102030405060708000000000000000028202608000000000000005829000024404142434445464748494a4b4c4d4e4f505152535455565758595a5b"
    "5c5d5e5f000000180000401d00112233445566778899aabbccddeeff")
MESSAGE2 = bytes.fromhex(
    "0102030405060708111213141516171828202620000000000000004000000024808182838485868788898a8b8c8d8e8f909192939495969798999a9b"
    "9c9d9e9f")


EXPECTED_256 = {
    "seed": "eb2796b8af31610c6cad1f2f6413e1069a361ab84c209c0308317f4a0d7932f7",
    "d": "03c93227fcd44a532a1d614641c4a5c94bdd7ef2d7a1c86fd9e327d7e77fa679",
    "ei": "5f6cb5315aeac5d68dd0491ecd41920799242a8a61dbd2825bef62421dfbe9f001f1548c",
    "er": "dd442ff16b0a2503a3108da00bf656089201507cfaaa1cdbbf7a8bac6b46b3845141c862",
    "pi": "8596a524a6334037dce0f11a836c691094a67a5c386a73fc8739561e559ca58a",
    "pr": "1c5292574d5c5fbd219d7e005b88abd8565aaa5026749a29ac9266db1d9fc133",
    "auth_i": "0f700da7bd25d75a2a6666fb11ed15694b8abb1eff29308c471b7bfb68c6f5e7",
    "auth_r": "8f85006287e5e4ffce3d6082e56188e7d170e7d01a95e5e282e69d53baf49531",
    "alone_i": "7d16db675d97cde189fae258024d5f28cede030972933aa143db782dab632bf8",
    "alone_r": "2a2502e315dcdbc2ac990d97ca227cee0be4dd56ea9af47bfcf77fe5410f974d",
}
EXPECTED_512 = {
    "seed": "597c874d3f59f2b5a5e45e1b933882fce8ca149a4c3ec22563496a8c5fd626dd3fe48e488700dd845cf03e0cc4af430d1e55220498d7fd14012b5942532a6bff",
    "d": "ded712cca579bb404b1908227cffe6d258cce35a1a6b5f1bf613eec819634ee00090882bf391c9f030a2c08a1f8edcdf8ba2aa4e07ff7731a18d16b5b8d46496",
    "ei": "ccf1e0c66e73c79150cce5499414e19f7811a5f900dd2855e49ea740fb57722259550ea8",
    "er": "ecd7a7b46dde8064efbd9caa4adb44706cc64fd0017a951093ac604bb4d10fb087ea2899",
    "pi": "37c92c8bcd9bbb4ed1396c646359cff057914e6b47f4c552809f62338aee53cc55b9010fc6a6722af963673f575fafa73427d297b121f56c385676fb3fffb877",
    "pr": "44f2309513fc41c9347a8a2d116466bd98c91a7de56b5acf2fb3ef4930ca2186cfdd44d123a0062c7f6a9b63b03d774f913b14d38ceda67aac64f9e3aa872965",
    "auth_i": "71762da039b358b4bc378e079fc46c010f42c4da31c4f406c448ac7b7b48664de6ff701f5c18cc5db57cc526a0685fcf5b811400318becc19b623c93df24c033",
    "auth_r": "54f35ce02e3dcb571adfb525eec8e37d69fd1678b5e3269285ca51d7356ca240970ad242aba6e7b1b5b4585c2f37bbc8fec55e836522e9f6baae0f04a48bc673",
    "alone_i": "59d9e735cefbb4e348fb251099d4cc9a3e6ea34098bf479bc0d1f5d523c890b07ec83fece79d46458d992da234451d9b63fbfb9a73dd840704651eae575aeac3",
    "alone_r": "d30871d605696aeaefb0dd83cbe9decb63ce4962bccf7633517e92da676691a13c362b56d4ed53a95cb07a072044aab96e192138a8d3382cded87eeb493bb582",
}


class Vectors(unittest.TestCase):
    def check_resumption(self, suite, sk_d, expected):
        seed = suites.skeyseed_resume(suite, sk_d, NI, NR)
        keys = suites.ike_keys(suite, seed, NI, NR, SPI_I, SPI_R)
        west, east = wire.fqdn("west"), wire.fqdn("east")
        got = {"seed": seed, "d": keys.d, "ei": keys.ei, "er": keys.er, "pi": keys.pi, "pr": keys.pr,
               "auth_i": suites.auth_resume(suite, MESSAGE1, NR, keys.pi, west),
               "auth_r": suites.auth_resume(suite, MESSAGE2, NI, keys.pr, east),
               "alone_i": suites.auth_message_only(suite, MESSAGE1, keys.pi),
               "alone_r": suites.auth_message_only(suite, MESSAGE2, keys.pr)}
        self.assertEqual({k: v.hex() for k, v in got.items()}, expected)
        self.assertEqual((keys.ai, keys.ar), (b"", b""))

    def test_resumption_keys_with_sha2_256(self):
        self.check_resumption(GCM256, bytes(range(0x20)), EXPECTED_256)

    def test_resumption_keys_with_sha2_512(self):
        self.check_resumption(GCM256_SHA512, bytes(range(0x40)), EXPECTED_512)

    def test_the_messages_of_the_vectors_are_written_octet_by_octet(self):
        request = wire.clear(SPI_I, bytes(8), Exchange.IKE_SESSION_RESUME, wire.INITIATOR, 0,
                             [wire.nonce(NI), wire.notify(Note.TICKET_OPAQUE, TICKET)])
        self.assertEqual(request.hex(), MESSAGE1.hex())
        reply = wire.clear(SPI_I, SPI_R, Exchange.IKE_SESSION_RESUME, wire.RESPONSE, 0, [wire.nonce(NR)])
        self.assertEqual(reply.hex(), MESSAGE2.hex())

    def test_the_messages_of_the_vectors_are_read(self):
        request = wire.parse(MESSAGE1)
        self.assertEqual(request.kinds, [Kind.NONCE, Kind.NOTIFY])
        self.assertEqual(request.note(Note.TICKET_OPAQUE).data, TICKET)
        for cut in range(len(MESSAGE1)):
            with self.assertRaises(wire.Malformed):
                wire.parse(MESSAGE1[:cut])

    def test_hmac_sha2_256_of_rfc_4231_case_2(self):
        self.assertEqual(suites.prf(GCM256, b"Jefe", b"what do ya want for nothing?").hex(),
                         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")

    def test_aes_gcm_of_rfc_4106_is_bound_to_its_header(self):
        seal = suites.Seal(suites.GCM_X25519, bytes(16) + b"salt", b"")
        sealed = seal.seal(b"head", b"plain")
        self.assertEqual(seal.open(b"head", sealed), b"plain")
        for at in range(len(sealed)):
            with self.assertRaises(suites.WrongKey):
                seal.open(b"head", sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1:])
        with self.assertRaises(suites.WrongKey):
            seal.open(b"Head", sealed)

    def test_aes_cbc_of_rfc_3602_case_1_after_its_check_value(self):
        key, integrity = bytes.fromhex("06a9214036b8a15b512e03d534120006"), bytes(32)
        iv, cipher = bytes.fromhex("3dafba429d9eb430b422da802c9fac41"), bytes.fromhex("e353779c1079aeb82708942dbe77181a")
        seal = suites.Seal(suites.CBC_X25519, key, integrity)
        tag = suites.prf(suites.CBC_X25519, integrity, b"head" + iv + cipher)[:16]
        self.assertEqual(seal.open(b"head", iv + cipher + tag), b"Single block msg")
        with self.assertRaises(suites.WrongKey):
            seal.open(b"head", iv + cipher + bytes(16))

    def test_both_halves_of_every_group_agree(self):
        for group in (14, 19, 31):
            a, b = suites.KeyExchange(group), suites.KeyExchange(group)
            self.assertEqual(a.shared(b.public), b.shared(a.public))
            self.assertEqual(len(a.public), {14: 256, 19: 64, 31: 32}[group])
        self.assertEqual(suites.MODP2048.bit_length(), 2048)

    def test_esp_carries_a_packet_in_both_kinds_of_suite(self):
        for suite in (suites.GCM_X25519, suites.CBC_X25519):
            one, other = esp.ChildSa(suite, b"aaaa"), esp.ChildSa(suite, b"bbbb")
            one.spi_out, other.spi_out = b"bbbb", b"aaaa"
            one.key(bytes(32), NI, NR)
            out, back = suites.child_keys(suite, bytes(32), NI, NR)
            other.outward, other.inward = suites.Seal(suite, *back), suites.Seal(suite, *out)
            packet = esp.echo_request("10.0.0.1", "10.0.0.2", b"token")
            self.assertEqual(other.open(one.seal(packet)), packet)
            self.assertEqual(esp.checksum(packet[:20]), 0)
            self.assertEqual(esp.checksum(packet[20:]), 0)


unittest.main(verbosity=2)
