// The one way by which keys of SAs leave the program: for somebody who must read what his own tunnels carry. There is
// none unless the program hands one in, which it does by an option of its own alone.
#pragma once
#include "crypto/keymat.h"

namespace dormouse::crypto {

/// Is told every key as it comes to be, before the first packet that it protects.
class KeyExport {
 public:
  virtual ~KeyExport() = default;
  /// Encryption and integrity of an IKE SA; what else is in `keys` must not be kept.
  virtual void ike_keys(IkeSpi i, IkeSpi r, const Suite& suite, const IkeKeys& keys) = 0;
  /// A Child SA. `to_responder` is the SPI of the packets that the initiator of the exchange sends.
  virtual void child_keys(EspSpi to_responder, EspSpi to_initiator, const Suite& suite, const ChildKeys& keys) = 0;
};

}  // namespace dormouse::crypto
