/**
 * A broker that speaks real MQTT 5 on a socket and has EMQX's file transfer: openings, chunks and ends on `$file…`, answered in the
 * acknowledgement's reason code and as JSON on `$file-response/{clientId}` or the Response Topic. Nothing else of a broker is more
 * than the tests need (QoS 0 and 1, retained messages, wildcards). The switches make it do what goes wrong in the field.
 */
import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';

export interface Faults {
  /** Says nothing of a file transfer: `$file…` is a topic like any other. */
  readonly hasNoFileTransfer?: boolean;
  /** Acknowledges with 0x00 instead of 0x10 where nobody listens, like a broker that hides it. */
  readonly hides0x10?: boolean;
  /** No JSON answer at all, or none to openings or ends. */
  readonly losesResponses?: 'all' | 'fin';
  /** Answers an end only after so many milliseconds. */
  readonly finDelayMs?: number;
  /** What is answered to the next ends, one each, in place of the truth. */
  readonly finSays?: string[];
  /** What is answered to the next chunks. */
  readonly chunkSays?: string[];
  /** What is answered to the next openings. */
  readonly initSays?: string[];
  /** Chunks after which the connection is cut, once. */
  readonly cutAfterChunks?: number;
  /** Acknowledges chunks and throws them away, so many. */
  readonly dropsChunks?: number;
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
  /** Ends the connection of a client that sends with this reason. */
  readonly disconnectsWith?: number;
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Client {
  readonly id: string;
  readonly version: number;
  readonly socket: Socket;
  readonly filters: Set<string>;
  unacknowledged: number;
  nextId: number;
  isGone: boolean;
  readonly will: IPublishPacket | null;
}

interface Transfer {
  readonly init: string;
  readonly chunks: Map<number, Buffer>;
}

const REFUSED = 0x80;
const NOBODY = 0x10;

export class EmqxEngine {
  readonly faults: Mutable<Faults>;
  /** Whole files by file id, as the engine would have exported them. */
  readonly exported = new Map<
    string,
    { readonly init: { readonly [name: string]: unknown }; readonly bytes: Buffer }
  >();
  readonly chunks: { readonly fileId: string; readonly offset: number }[] = [];
  readonly fins: string[] = [];
  readonly inits: string[] = [];
  mostUnacknowledged = 0;
  largestPacket = 0;
  onExported: (fileId: string) => void = () => undefined;
  readonly #transfers = new Map<string, Transfer>();
  readonly #clients = new Map<string, Client>();
  readonly #retained = new Map<string, IPublishPacket>();
  #server: Server | null = null;
  #chunksSeen = 0;

  constructor(faults: Faults = {}) {
    this.faults = { ...faults };
  }

  /** Listens on a free loopback port. */
  start(): Promise<string> {
    const server = createServer((socket) => this.#meet(socket));
    this.#server = server;
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(`mqtt://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
      });
    });
  }

  async close(): Promise<void> {
    for (const { socket } of this.#clients.values()) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(null));
  }

  /** Forgets every part, as the loss of a node would. */
  loseParts(): void {
    this.#transfers.clear();
  }

  #meet(socket: Socket): void {
    let client: Client | null = null;
    let version = 5;
    socket.setNoDelay(true);
    const reader = parser();
    const write = (packet: Packet): void => {
      if (!socket.destroyed) socket.write(generate(packet, { protocolVersion: version }));
    };
    reader.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') {
        version = packet.protocolVersion ?? 4;
        this.#takeOver(packet.clientId);
        const { receiveMaximum, maximumPacketSize } = this.faults;
        const properties = {
          ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
          ...(maximumPacketSize === undefined ? {} : { maximumPacketSize }),
        };
        const { will } = packet;
        const lastWord =
          will === undefined
            ? null
            : ({
                ...will,
                cmd: 'publish',
                qos: 1,
                dup: false,
                retain: will.retain ?? false,
              } as unknown as IPublishPacket);
        client = {
          id: packet.clientId,
          version,
          socket,
          filters: new Set(),
          unacknowledged: 0,
          nextId: 1,
          isGone: false,
          will: lastWord,
        };
        this.#clients.set(client.id, client);
        write({ cmd: 'connack', sessionPresent: false, reasonCode: 0, returnCode: 0, properties } as Packet);
        return;
      }
      if (client === null) return;
      const from = client;
      switch (packet.cmd) {
        case 'subscribe':
          for (const { topic } of packet.subscriptions) from.filters.add(topic);
          write({
            cmd: 'suback',
            messageId: packet.messageId ?? 0,
            granted: packet.subscriptions.map(() => 1),
          } as Packet);
          for (const [topic, message] of this.#retained)
            if (packet.subscriptions.some((one) => matches(one.topic, topic))) this.#deliver(from, message, true);
          return;
        case 'publish':
          this.#take(from, packet, write);
          return;
        case 'pingreq':
          write({ cmd: 'pingresp' });
          return;
        case 'disconnect':
          from.isGone = true;
          socket.end();
          return;
        default:
          return;
      }
    });
    reader.on('error', () => socket.destroy());
    socket.on('data', (bytes) => reader.parse(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (client === null || this.#clients.get(client.id) !== client) return;
      this.#clients.delete(client.id);
      if (!client.isGone && client.will !== null) this.#route(client.will);
    });
  }

  #takeOver(id: string): void {
    const before = this.#clients.get(id);
    if (before === undefined) return;
    if (before.version === 5)
      before.socket.write(generate({ cmd: 'disconnect', reasonCode: 0x8e } as Packet, { protocolVersion: 5 }));
    before.socket.end();
    this.#clients.delete(id);
  }

  #take(from: Client, packet: IPublishPacket, write: (packet: Packet) => void): void {
    const { topic, messageId, qos } = packet;
    const payload = Buffer.from(packet.payload);
    from.unacknowledged += 1;
    this.mostUnacknowledged = Math.max(this.mostUnacknowledged, from.unacknowledged);
    this.largestPacket = Math.max(this.largestPacket, payload.length + topic.length);
    const acknowledge = (reasonCode: number): void => {
      from.unacknowledged -= 1;
      if (qos === 1) write({ cmd: 'puback', messageId: messageId ?? 0, reasonCode } as Packet);
    };
    if (this.faults.disconnectsWith !== undefined && topic.startsWith('$file')) {
      const reasonCode = this.faults.disconnectsWith;
      delete this.faults.disconnectsWith;
      write({ cmd: 'disconnect', reasonCode } as Packet);
      from.socket.end();
      return;
    }
    if (topic.startsWith('$file') && this.faults.hasNoFileTransfer !== true) {
      // QoS 0 and 2 are swallowed by the real one.
      if (qos === 1) this.#file(from, packet, payload, acknowledge);
      return;
    }
    const heard = this.#route(packet);
    // Later, so that several can be unacknowledged at a time.
    setImmediate(() => acknowledge(heard === 0 && this.faults.hides0x10 !== true ? NOBODY : 0));
  }

  #route(packet: IPublishPacket): number {
    if (packet.retain) this.#retained.set(packet.topic, packet);
    let heard = 0;
    for (const client of this.#clients.values()) {
      if (![...client.filters].some((filter) => matches(filter, packet.topic))) continue;
      heard += 1;
      this.#deliver(client, packet, false);
    }
    return heard;
  }

  #deliver(to: Client, { topic, payload }: IPublishPacket, retain: boolean): void {
    const messageId = to.nextId;
    to.nextId = (to.nextId % 65_535) + 1;
    const packet: IPublishPacket = { cmd: 'publish', topic, payload, qos: 1, dup: false, retain, messageId };
    if (!to.socket.destroyed) to.socket.write(generate(packet, { protocolVersion: to.version }));
  }

  #file(from: Client, packet: IPublishPacket, payload: Buffer, acknowledge: (code: number) => void): void {
    const [, fileId = '', step = '', second = '', third = ''] = packet.topic.split('/');
    const { faults } = this;
    const key = `${from.id}/${fileId}`;
    const answer = (description: string): void => {
      const topic = packet.properties?.responseTopic ?? `$file-response/${from.id}`;
      const isLost = faults.losesResponses === 'all' || (faults.losesResponses === 'fin' && step === 'fin');
      const reason_code = description === 'success' ? 0 : REFUSED;
      const text = JSON.stringify({
        vsn: '0.1',
        topic: packet.topic,
        packet_id: packet.messageId,
        reason_code,
        reason_description: description,
      });
      if (!isLost)
        this.#route({ cmd: 'publish', topic, payload: Buffer.from(text), qos: 1, dup: false, retain: false });
    };
    const both = (description: string): void => {
      answer(description);
      setImmediate(() => acknowledge(description === 'success' ? 0 : REFUSED));
    };
    if (step === 'init') {
      const text = payload.toString();
      this.inits.push(text);
      const said = faults.initSays?.shift();
      const known = this.#transfers.get(key);
      if (said !== undefined) both(said);
      else if (known !== undefined && known.init !== text) both('filemeta_conflict');
      else {
        this.#transfers.set(key, known ?? { init: text, chunks: new Map() });
        both('success');
      }
      return;
    }
    if (step === 'fin') {
      this.fins.push(fileId);
      acknowledge(0);
      const said = faults.finSays?.shift();
      const tell = (): void => answer(said ?? this.#assemble(key, fileId, Number(second), third));
      if (faults.finDelayMs === undefined) tell();
      else setTimeout(tell, faults.finDelayMs);
      return;
    }
    if (step === 'abort') {
      both('success');
      return;
    }
    this.chunks.push({ fileId, offset: Number(step) });
    this.#chunksSeen += 1;
    if (faults.cutAfterChunks !== undefined && this.#chunksSeen > faults.cutAfterChunks) {
      delete faults.cutAfterChunks;
      from.socket.destroy();
      return;
    }
    const said = faults.chunkSays?.shift();
    if (said !== undefined) {
      both(said);
      return;
    }
    if (sha256(payload) !== second) {
      both('checksum_mismatch');
      return;
    }
    if ((faults.dropsChunks ?? 0) > 0) {
      faults.dropsChunks = (faults.dropsChunks ?? 0) - 1;
      both('success');
      return;
    }
    this.#transfers.get(key)?.chunks.set(Number(step), payload);
    both('success');
  }

  #assemble(key: string, fileId: string, size: number, hash: string): string {
    if (this.exported.has(fileId)) return 'success';
    const transfer = this.#transfers.get(key);
    if (transfer === undefined) return 'incomplete';
    const bytes = Buffer.alloc(size);
    let upTo = 0;
    for (const [offset, chunk] of [...transfer.chunks].sort(([a], [b]) => a - b)) {
      if (offset > upTo) return 'incomplete';
      chunk.copy(bytes, offset);
      upTo = Math.max(upTo, offset + chunk.length);
    }
    if (upTo < size) return 'incomplete';
    if (sha256(bytes) !== hash) return 'internal_error';
    this.#transfers.delete(key);
    this.exported.set(fileId, { init: JSON.parse(transfer.init) as { [name: string]: unknown }, bytes });
    this.onExported(fileId);
    return 'success';
  }
}

function matches(filter: string, topic: string): boolean {
  const [f, t] = [filter.split('/'), topic.split('/')];
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  return (
    f.every((part, i) => part === '#' || (t[i] !== undefined && (part === '+' || part === t[i]))) &&
    (f.at(-1) === '#' || f.length === t.length)
  );
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
