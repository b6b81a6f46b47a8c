/**
 * What the centre answers, through a window: so many messages unacknowledged, so many waiting, the rest dropped. An answer that is
 * lost is asked for again, because receipts are state; memory that is full takes the centre down.
 */
import type { MqttClient } from 'mqtt';
import { PACKET_OVERHEAD_BYTES } from '../core/hrc.ts';
import type { Log } from '../core/ports.ts';

const IN_FLIGHT_MAX = 8;
const WAITING_MAX = 1_000;

interface Reply {
  readonly topic: string;
  readonly payload: string | Buffer;
  /** Called once: whether the broker took it. */
  readonly done: (isTaken: boolean) => void;
  readonly expiryS: number | null;
}

export class Replies {
  readonly #client: MqttClient;
  readonly #inFlightMax: number;
  readonly #packetBytesMax: number;
  readonly #log: Log;
  #waiting: Reply[] = [];
  #inFlight = 0;
  #dropped = 0;

  constructor(client: MqttClient, inFlightMax: number, packetBytesMax: number, log: Log) {
    this.#client = client;
    this.#inFlightMax = Math.max(1, Math.min(IN_FLIGHT_MAX, inFlightMax));
    this.#packetBytesMax = packetBytesMax;
    this.#log = log;
  }

  /**
   * Sends soon. Never waits: a message handler that waited for an acknowledgement would wait for itself. `done` is called once the
   * broker took it, or when it will not. Behind `expiryS` seconds a broker of MQTT 5 delivers it no more.
   */
  send(
    topic: string,
    payload: string | Buffer,
    done: (isTaken: boolean) => void = () => undefined,
    expiryS: number | null = null,
  ): void {
    if (topic.length + payload.length + PACKET_OVERHEAD_BYTES > this.#packetBytesMax) {
      this.#log.error({ alarm: 'broker-away', topic }, 'an answer is larger than the packets of the broker');
      done(false);
      return;
    }
    if (this.#waiting.length >= WAITING_MAX) {
      this.#dropped += 1;
      if (this.#dropped === 1)
        this.#log.warn({ topic }, 'answers are dropped: the broker does not take them fast enough');
      done(false);
      return;
    }
    this.#waiting.push({ topic, payload, done, expiryS });
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < this.#inFlightMax && this.#client.connected) {
      const reply = this.#waiting.shift();
      if (reply === undefined) {
        this.#dropped = 0;
        return;
      }
      this.#inFlight += 1;
      const expires = reply.expiryS !== null && this.#client.options.protocolVersion === 5;
      const properties = expires ? { messageExpiryInterval: reply.expiryS } : null;
      const options = { qos: 1, ...(properties === null ? {} : { properties }) } as const;
      this.#client.publish(reply.topic, reply.payload, options, (error) => {
        this.#inFlight -= 1;
        reply.done(!error);
        if (error) this.#log.warn({ topic: reply.topic }, `an answer was not taken: ${error.message}`);
        this.#pump();
      });
    }
    // What this connection did not take, it never will.
    if (!this.#client.connected) for (const { done } of this.#waiting.splice(0)) done(false);
  }
}
