// Cuts the byte stream of an RTSP connection into requests and interleaved packets (RFC 2326), and writes responses.

export interface RtspRequest {
  readonly method: string;
  readonly uri: string;
  /** Header names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A packet the client sent inside the connection, such as a receiver report. */
export interface InterleavedPacket {
  readonly channel: number;
  readonly data: Buffer;
}

export type RtspInput = RtspRequest | InterleavedPacket;

const DOLLAR = 0x24;
const MAX_HEADER_BYTES = 16_384;
const MAX_BODY_BYTES = 65_536;

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  459: 'Aggregate Operation Not Allowed',
  461: 'Unsupported Transport',
  503: 'Service Unavailable',
};

/** Collects bytes and gives back whole messages. */
export class RtspReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws Error when the bytes are no RTSP or too long; the connection should then be closed. */
  push(chunk: Buffer): RtspInput[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const inputs: RtspInput[] = [];
    for (let input = this.#next(); input !== undefined; input = this.#next()) inputs.push(input);
    return inputs;
  }

  #next(): RtspInput | undefined {
    while (this.#rest[0] === 0x0d || this.#rest[0] === 0x0a) this.#rest = this.#rest.subarray(1);
    if (this.#rest[0] === DOLLAR) {
      if (this.#rest.length < 4) return undefined;
      const end = 4 + this.#rest.readUInt16BE(2);
      if (this.#rest.length < end) return undefined;
      const packet = { channel: this.#rest[1] ?? 0, data: this.#rest.subarray(4, end) };
      this.#rest = this.#rest.subarray(end);
      return packet;
    }
    const headerEnd = this.#rest.indexOf('\r\n\r\n');
    if (headerEnd === -1) {
      if (this.#rest.length > MAX_HEADER_BYTES) throw new Error('The RTSP request has too long a header.');
      return undefined;
    }
    const [first = '', ...lines] = this.#rest.toString('utf8', 0, headerEnd).split('\r\n');
    const [method = '', uri = '', version = ''] = first.split(' ');
    if (!version.startsWith('RTSP/1.')) throw new Error('This is not an RTSP request.');
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    const bodyBytes = Number(headers.get('content-length') ?? 0);
    if (!(bodyBytes >= 0 && bodyBytes <= MAX_BODY_BYTES)) throw new Error('The RTSP request has too long a body.');
    const end = headerEnd + 4 + bodyBytes;
    if (this.#rest.length < end) return undefined;
    const body = this.#rest.toString('utf8', headerEnd + 4, end);
    this.#rest = this.#rest.subarray(end);
    return { method, uri, headers, body };
  }
}

/** One response; a header with a list of values is written once for each. */
export function writeResponse(
  status: number,
  cseq: string | undefined,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  body = '',
): string {
  const lines = [`RTSP/1.0 ${status} ${REASONS[status] ?? 'Error'}`];
  if (cseq !== undefined) lines.push(`CSeq: ${cseq}`);
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`);
  }
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
