// Where RTP goes: inside the RTSP connection, or over a pair of UDP ports (RFC 2326, 10.12 and 12.39).

import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { HEADROOM_BYTES } from './rtp.ts';

/** The two directions of one track. `rtp` takes a head with {@link HEADROOM_BYTES} spare bytes in front. */
export interface TrackTransport {
  readonly kind: 'tcp' | 'udp';
  rtp(head: Buffer, body: Buffer): void;
  rtcp(packet: Buffer): void;
  /** The Transport header of the SETUP response, without the SSRC. */
  describe(): string;
  close(): void;
}

const DOLLAR = 0x24;
const PORT_TRIES = 50;

export class InterleavedTransport implements TrackTransport {
  readonly kind = 'tcp';
  readonly #socket: Socket;
  readonly #channel: number;

  constructor(socket: Socket, channel: number) {
    this.#socket = socket;
    this.#channel = channel;
  }

  rtp(head: Buffer, body: Buffer): void {
    head[0] = DOLLAR;
    head[1] = this.#channel;
    head.writeUInt16BE(head.length - HEADROOM_BYTES + body.length, 2);
    this.#socket.write(head);
    this.#socket.write(body);
  }

  rtcp(packet: Buffer): void {
    const head = Buffer.from([DOLLAR, this.#channel + 1, packet.length >>> 8, packet.length & 0xff]);
    this.#socket.write(Buffer.concat([head, packet]));
  }

  describe(): string {
    return `RTP/AVP/TCP;unicast;interleaved=${this.#channel}-${this.#channel + 1}`;
  }

  close(): void {}
}

export class UdpTransport implements TrackTransport {
  readonly kind = 'udp';
  readonly #rtpSocket: DatagramSocket;
  readonly #rtcpSocket: DatagramSocket;
  readonly #client: { readonly host: string; readonly rtpPort: number; readonly rtcpPort: number };

  private constructor(rtpSocket: DatagramSocket, rtcpSocket: DatagramSocket, client: UdpClient) {
    this.#rtpSocket = rtpSocket;
    this.#rtcpSocket = rtcpSocket;
    this.#client = client;
  }

  /**
   * Opens an even port and the one above it on `host`.
   * @param onReport is called for every RTCP packet of the client, a sign that it is alive.
   * @throws Error when no pair of ports is free.
   */
  static async open(host: string, client: UdpClient, onReport: () => void): Promise<UdpTransport> {
    for (let attempt = 0; attempt < PORT_TRIES; attempt++) {
      const rtpSocket = await bound(host, 0);
      const port = rtpSocket?.address().port ?? 1;
      const rtcpSocket = port % 2 === 0 ? await bound(host, port + 1) : undefined;
      if (rtpSocket !== undefined && rtcpSocket !== undefined) {
        rtcpSocket.on('message', onReport);
        // A client that closed its ports answers with ICMP errors; the session timeout ends its session.
        rtpSocket.on('error', () => {});
        rtcpSocket.on('error', () => {});
        return new UdpTransport(rtpSocket, rtcpSocket, client);
      }
      rtpSocket?.close();
    }
    throw new Error('No pair of UDP ports is free.');
  }

  rtp(head: Buffer, body: Buffer): void {
    this.#rtpSocket.send([head.subarray(HEADROOM_BYTES), body], this.#client.rtpPort, this.#client.host, ignore);
  }

  rtcp(packet: Buffer): void {
    this.#rtcpSocket.send(packet, this.#client.rtcpPort, this.#client.host, ignore);
  }

  describe(): string {
    const { rtpPort, rtcpPort } = this.#client;
    const server = `${this.#rtpSocket.address().port}-${this.#rtcpSocket.address().port}`;
    return `RTP/AVP;unicast;client_port=${rtpPort}-${rtcpPort};server_port=${server}`;
  }

  close(): void {
    this.#rtpSocket.close();
    this.#rtcpSocket.close();
  }
}

export interface UdpClient {
  readonly host: string;
  readonly rtpPort: number;
  readonly rtcpPort: number;
}

function ignore(): void {}

function bound(host: string, port: number): Promise<DatagramSocket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind(port, host, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
