// Reads the packets of an Ogg Opus file (RFC 3533, RFC 7845), so that they can be sent in RTP one by one.

const CAPTURE_PATTERN = Buffer.from('OggS');
const PAGE_HEADER_BYTES = 27;
/** OpusHead and OpusTags. */
const HEADER_PACKETS = 2;

/** Sound packets of a file with one logical stream, in order, without its two header packets. @throws Error when it is no Ogg. */
export function opusPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let open: Buffer[] = [];
  for (let at = 0; at + PAGE_HEADER_BYTES <= bytes.length; ) {
    if (!bytes.subarray(at, at + 4).equals(CAPTURE_PATTERN)) throw new Error(`No Ogg page at byte ${at}.`);
    const laces = bytes.subarray(at + PAGE_HEADER_BYTES, at + PAGE_HEADER_BYTES + (bytes[at + 26] ?? 0));
    at += PAGE_HEADER_BYTES + laces.length;
    for (const lace of laces) {
      open.push(bytes.subarray(at, at + lace));
      at += lace;
      // A lace of 255 bytes goes on, in the next page if need be.
      if (lace === 255) continue;
      packets.push(Buffer.concat(open));
      open = [];
    }
  }
  return packets.slice(HEADER_PACKETS);
}
