// The control socket: one JSON object a line in, one out, over a Unix socket that only the same user can open.

import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { VirtualDevice } from './device.ts';
import { throwSwitch } from './switches.ts';

const MAX_LINE_CHARS = 65_536;

/** What may be asked; README.md shows each with its answer. */
export interface ControlRequest {
  /** Comes back in the answer, so that several requests may be under way. */
  readonly id?: unknown;
  readonly op: 'devices' | 'sent' | 'state' | 'switch';
  readonly device?: string;
  /** Name and values of a switch. */
  readonly name?: string;
  readonly value?: Readonly<Record<string, unknown>>;
}

export class ControlSocket {
  readonly #path: string;
  readonly #devices: readonly VirtualDevice[];
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(path: string, devices: readonly VirtualDevice[]) {
    this.#path = path;
    this.#devices = devices;
  }

  /** Waits until the socket can be opened. A file left by a process that died is replaced. */
  async listen(): Promise<void> {
    await rm(this.#path, { force: true });
    const server = createServer((socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#path, resolve);
    });
    this.#server = server;
    await chmod(this.#path, 0o600);
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    let rest = '';
    this.#sockets.add(socket);
    socket.setEncoding('utf8');
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (part: string) => {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_CHARS) socket.destroy();
      for (const line of lines) if (line.trim() !== '') void this.#answer(socket, line);
    });
  }

  async #answer(socket: Socket, line: string): Promise<void> {
    let id: unknown;
    let answer: object;
    try {
      const request = JSON.parse(line) as ControlRequest;
      id = request.id;
      answer = { id, ok: true, result: (await this.#perform(request)) ?? null };
    } catch (error) {
      answer = { id, ok: false, error: error instanceof Error ? error.message : String(error) };
    }
    if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
  }

  async #perform(request: ControlRequest): Promise<unknown> {
    if (request.op === 'devices') return this.#devices.map((device) => device.state());
    const device = this.#devices.find((one) => one.id === request.device);
    if (device === undefined) throw new Error(`There is no device ${request.device}.`);
    if (request.op === 'sent') return device.sent();
    if (request.op === 'state') return device.state();
    if (request.op === 'switch') return throwSwitch(device, request.name ?? '', request.value ?? {});
    throw new Error('op must be one of devices, sent, state, switch.');
  }
}
