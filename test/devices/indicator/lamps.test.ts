/** Both drivers against what they really talk to: an HTTP server and an MQTT broker. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startBroker } from '../../../controller/central/broker.ts';
import { httpRelay } from '../../../devices/indicator/http-relay.ts';
import { mqttLamp } from '../../../devices/indicator/mqtt.ts';

const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

async function relay(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a relay by HTTP', () => {
  test('is switched by its two addresses, with its login, and off at the end', async () => {
    const asked: string[] = [];
    const url = await relay((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.end('{"ison":true}');
    });
    const lamp = httpRelay({
      onUrl: `${url}/relay/0?turn=on&timer=15`,
      offUrl: `${url}/relay/0?turn=off`,
      method: 'get',
      login: { user: 'u', password: 'p:w' },
    });
    await lamp.show(true);
    await lamp.show(false);
    await lamp.close();
    const basic = `Basic ${Buffer.from('u:p:w').toString('base64')}`;
    expect(asked).toEqual([
      `GET /relay/0?turn=on&timer=15 ${basic}`,
      `GET /relay/0?turn=off ${basic}`,
      `GET /relay/0?turn=off ${basic}`,
    ]);
  });

  test('that refuses, hangs, breaks off or is not there is unreachable, and its login stays out of the message', async () => {
    const refusing = await relay((_request, response) => response.writeHead(401).end());
    const breaking = await relay((request) => request.socket.destroy());
    const hanging = await relay(() => undefined);
    const free = createTcpServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const gone = `http://127.0.0.1:${(free.address() as AddressInfo).port}`;
    await new Promise((resolve) => free.close(resolve));
    const login = { user: 'u', password: 'secret' };
    for (const url of [refusing, breaking, hanging, gone]) {
      const lamp = httpRelay({ onUrl: url, offUrl: url, method: 'post', login });
      const error = await lamp.show(true).catch((one: unknown) => one);
      expect(error).toMatchObject({ code: 'indicator-unreachable' });
      expect(String(error)).not.toContain('secret');
    }
  });

  test('that talks for ever is well, and is not listened to', async () => {
    const url = await relay((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'.repeat(10_000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    await httpRelay({ onUrl: url, offUrl: url, method: 'get', login: null }).show(true);
  });
});

describe('a lamp by MQTT', () => {
  async function broker(): Promise<{ url: string; stop: () => Promise<void> }> {
    const started = await startBroker({ port: 0 });
    closings.push(() => started.close());
    return { url: `mqtt://127.0.0.1:${started.port}`, stop: () => started.close() };
  }
  async function listener(url: string): Promise<{ client: MqttClient; heard: string[] }> {
    const client = await connectAsync(url);
    closings.push(() => client.endAsync(true));
    const heard: string[] = [];
    client.on('message', (topic, payload, packet) => heard.push(`${topic} ${payload} ${packet.retain}`));
    await client.subscribeAsync('lamps/#', { qos: 1 });
    return { client, heard };
  }
  const options = (url: string) => ({
    ...{ url, login: null, clientId: 'lamp-test', topic: 'lamps/hearing-1', on: 'on', off: 'off' },
  });

  test('hears on and off, never retained, and off at the end', async () => {
    const { url } = await broker();
    const { heard } = await listener(url);
    const lamp = mqttLamp(options(url));
    await lamp.show(true);
    await lamp.show(false);
    await lamp.show(true);
    await lamp.close();
    await vi.waitFor(() => expect(heard).toHaveLength(4), 3_000);
    expect(heard).toEqual(['on', 'off', 'on', 'off'].map((word) => `lamps/hearing-1 ${word} false`));
  });

  test('is off when this machine vanishes: the broker says so for it', async () => {
    const { url } = await broker();
    const { heard } = await listener(url);
    // A wire that is cut: a socket of this machine that ends without a word of MQTT.
    const wires: Socket[] = [];
    const port = Number(new URL(url).port);
    const wire = createTcpServer((socket) => {
      const onward = connect(port, '127.0.0.1');
      wires.push(socket, onward);
      for (const one of [socket, onward]) one.on('error', () => undefined);
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
    closings.push(() => wire.close());
    const lamp = mqttLamp(options(`mqtt://127.0.0.1:${(wire.address() as AddressInfo).port}`));
    await lamp.show(true);
    await vi.waitFor(() => expect(heard).toEqual(['lamps/hearing-1 on false']), 3_000);
    for (const one of wires) one.destroy();
    await vi.waitFor(() => expect(heard.at(-1)).toBe('lamps/hearing-1 off false'), 3_000);
    wire.close();
    await lamp.close().catch(() => undefined);
  });

  test('is unreachable without a broker, and comes back with it', async () => {
    const { url, stop } = await broker();
    const lamp = mqttLamp(options(url));
    await lamp.show(true);
    await stop();
    await expect(lamp.show(true)).rejects.toMatchObject({ code: 'indicator-unreachable' });
    await expect(lamp.close()).rejects.toMatchObject({ code: 'indicator-unreachable' });
  });
});
