/** The site as a signer: every manifest it signs is under the one key in the key file. */
import { type PublicKey, signJws } from '../core/jws.ts';
import type { Signer } from '../core/ports.ts';
import { openKeyFile } from '../ledger/key-file.ts';

/** A signer that can also show its public key, which the birth message carries. */
export interface SiteSigner extends Signer {
  readonly publicKey: PublicKey;
}

/** The signer of a key file; makes the file at first use. Throws `data-not-writable`. */
export function siteSigner(keyFilePath: string): SiteSigner {
  const { privateKey, publicKey } = openKeyFile(keyFilePath);
  return {
    kid: publicKey.kid,
    publicKey,
    sign: (typ, payload) => signJws(typ, publicKey.kid, payload, privateKey),
  };
}
