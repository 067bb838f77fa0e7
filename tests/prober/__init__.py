"""An IKEv2 initiator and a fake gateway that know the RFCs (7296, 5723, 6290, 7383, 4303) and nothing of the product.

They say what a well-behaved peer says, and everything else: each octet can be replaced. Needs python3-cryptography."""
