/**
 * The rival over MQTT: a bare publisher and a bare subscriber with the same chunks, the same window and the same quality of service,
 * which only write. No hash, no sync, no manifest, no receipt.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { CHUNK_BYTES } from '../../controller/core/hrc.ts';
import { jsonArgument, onTold, tell } from './child.ts';

/** As the forwarder has it. */
const WINDOW = 8;
const RECEIVE_MAXIMUM = 16;

export interface BareMqttOrder {
  readonly role: 'publisher' | 'subscriber';
  readonly broker: string;
  /** Publisher: what is sent. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Subscriber: where it goes. */
  readonly folder: string;
}

const order = jsonArgument<BareMqttOrder>();
const client = await mqtt.connectAsync(order.broker, {
  ...{ clientId: order.role, protocolVersion: 5, reconnectPeriod: 0, properties: { receiveMaximum: RECEIVE_MAXIMUM } },
});
if ('setNoDelay' in client.stream) (client.stream as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
if (order.role === 'subscriber') await subscribe(order);
else onTold(() => void publish(order));
tell({ ready: true });

async function publish({ files }: BareMqttOrder): Promise<void> {
  const underWay = new Set<Promise<unknown>>();
  for (const [number, { path, bytes }] of files.entries()) {
    const file = await open(path, 'r');
    for (let offset = 0; offset < bytes; offset += CHUNK_BYTES) {
      while (underWay.size >= WINDOW) await Promise.race(underWay);
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, bytes - offset));
      await file.read(chunk, 0, chunk.length, offset);
      const sent = client.publishAsync(`bare/${number}/${offset}`, chunk, { qos: 1 });
      const done = sent.finally(() => underWay.delete(done));
      underWay.add(done);
    }
    await file.close();
  }
  await Promise.all(underWay);
}

async function subscribe({ files, folder }: BareMqttOrder): Promise<void> {
  let left = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const arriving = new Map<string, { readonly file: FileHandle; left: number }>();
  const take = async (topic: string, payload: Buffer): Promise<void> => {
    const [, number = '', offset = ''] = topic.split('/');
    let one = arriving.get(number);
    if (one === undefined) {
      one = { file: await open(join(folder, number), 'w'), left: files[Number(number)]?.bytes ?? 0 };
      arriving.set(number, one);
    }
    await one.file.write(payload, 0, payload.length, Number(offset));
    one.left -= payload.length;
    left -= payload.length;
    if (one.left === 0) {
      arriving.delete(number);
      await one.file.close();
    }
    if (left === 0) tell({ done: true });
  };
  // One after the other, each acknowledged when it is written, as the centre does it.
  client.handleMessage = (packet, done) => {
    take(packet.topic, packet.payload as Buffer).then(
      () => done(),
      (error: Error) => done(error),
    );
  };
  await client.subscribeAsync('bare/#', { qos: 1 });
}
