/**
 * What the centre says, checked: its document and its receipts are worth their signatures only, under keys that were pinned
 * before. Where a message came from, and on which topic, proves nothing.
 */
import { readFileSync } from 'node:fs';
import { type CentreDocument, type Durability, type Receipt, receiptFault, type Sent } from '../core/hrc.ts';
import { fieldsOf, readCentreDocument, readManifest, readReceipt } from '../core/hrc-reading.ts';
import {
  type JwsCheck,
  type JwsType,
  jwsHash,
  type PublicKey,
  payloadOf,
  readPublicKey,
  verifyJws,
} from '../core/jws.ts';
import { type Policy, readPolicy } from '../core/policy.ts';
import type { Outbox, OutboxItem } from '../core/ports.ts';

/**
 * The centre's receipt keys: from the configuration, or, when site and centre are one machine, from the file in which the centre
 * keeps its public keys (`{"keys":[{"kid","x"}]}`), read again when an unknown key appears.
 */
export type CentreTrust = { readonly keys: readonly PublicKey[] } | { readonly file: string };

/** A receipt that was checked, or why it was not taken. */
export type CheckedReceipt =
  | { readonly ok: true; readonly receipt: Receipt; readonly item: OutboxItem }
  | { readonly ok: false; readonly seg: string | null; readonly message: string };

export class CentreVoice {
  readonly #trust: CentreTrust;
  #keys: readonly PublicKey[];

  constructor(trust: CentreTrust) {
    this.#trust = trust;
    this.#keys = 'keys' in trust ? trust.keys : [];
  }

  /** The centre's document, or a sentence why it is not taken. */
  document(jws: string): CentreDocument | string {
    const check = this.#check(jws, 'hrc-centre');
    if (!check.ok) return `the centre's document is not taken: ${check.message}`;
    return readCentreDocument(check.payload) ?? "the centre's document cannot be read";
  }

  /** Checks a receipt against what the outbox says was sent: signature, key, site, segment, size, hash, manifest, durability. */
  receipt(jws: string, site: string, outbox: Pick<Outbox, 'item'>, minimum: Durability): CheckedReceipt {
    const check = this.#check(jws, 'hrc-receipt');
    if (!check.ok) return { ok: false, seg: null, message: check.message };
    const receipt = readReceipt(check.payload);
    if (receipt === null) return { ok: false, seg: null, message: 'its fields are not those of a receipt' };
    const item = outbox.item(receipt.seg);
    if (item === null) return { ok: false, seg: receipt.seg, message: 'the segment is unknown here' };
    const fault = receiptFault(receipt, sentOf(site, item), atLeastStored(minimum));
    return fault === null ? { ok: true, receipt, item } : { ok: false, seg: receipt.seg, message: fault };
  }

  /** What the centre signed as an order, or null when it did not. */
  order(jws: string): unknown {
    const check = this.#check(jws, 'hrc-cmd');
    return check.ok ? check.payload : null;
  }

  /** What the centre asks of `site`, or a sentence why it is not taken. */
  policy(jws: string, site: string): Policy | string {
    const check = this.#check(jws, 'hrc-policy');
    if (!check.ok) return `a policy is not taken: ${check.message}`;
    const policy = readPolicy(check.payload);
    if (policy === null) return 'a policy cannot be read';
    return policy.site === site ? policy : `a policy is for site ${policy.site}`;
  }

  #check(jws: string, typ: JwsType): JwsCheck {
    const check = verifyJws(jws, typ, this.#keys);
    if (check.ok || check.fault !== 'signature' || !('file' in this.#trust)) return check;
    this.#keys = readKeyList(this.#trust.file);
    return verifyJws(jws, typ, this.#keys);
  }
}

/** No document can make us take less than stored: an engine's word is not a store's. */
function atLeastStored(minimum: Durability): Durability {
  return minimum === 'engine' ? 'stored' : minimum;
}

/** What we know ourselves about an item. */
export function sentOf(site: string, { segment, jws }: OutboxItem): Sent {
  const was = readManifest(payloadOf(jws))?.was;
  const sent = { site, seg: segment.seg, sha256: segment.sha256, size: segment.bytes, mh: jwsHash(jws) };
  return was === undefined ? sent : { ...sent, was };
}

/** The keys of a file; none while it is missing or cannot be read, which trusts nobody. */
function readKeyList(path: string): readonly PublicKey[] {
  try {
    const list = fieldsOf(JSON.parse(readFileSync(path, 'utf8')))?.['keys'];
    return Array.isArray(list) ? list.map(readPublicKey).filter((key) => key !== null) : [];
  } catch {
    return [];
  }
}
