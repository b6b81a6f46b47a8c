/**
 * A lamp behind a relay that is switched by HTTP: one address for on, one for off. Give the address for on a time after which the relay
 * switches itself off (many can), longer than five seconds: then the lamp goes out when this machine falls silent.
 */
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { AppError, sentenceOf } from '../../controller/core/errors.ts';
import type { Indicator } from '../../controller/core/ports.ts';

/** A relay that takes longer is taken for gone; it is asked again by itself. */
const ANSWER_LIMIT_MS = 2_000;
const HTTP_OK_FIRST = 200;
const HTTP_OK_LAST = 299;
/** What a relay says is of no interest, however long it talks. */
const ANSWER_BYTES_MAX = 64 * 1024;

export interface HttpRelayOptions {
  /** http: or https:, without a login. */
  readonly onUrl: string;
  readonly offUrl: string;
  readonly method: 'get' | 'post';
  /** Sent as HTTP Basic. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

export function httpRelay(options: HttpRelayOptions): Indicator {
  const show = (isOn: boolean): Promise<void> => call(isOn ? options.onUrl : options.offUrl, options);
  return {
    show,
    // Off, because from now on nobody knows what is recorded.
    close: () => show(false),
  };
}

/** One request; resolves when the relay said yes. Rejects with `indicator-unreachable`. The address is never in the message. */
function call(address: string, { method, login }: HttpRelayOptions): Promise<void> {
  const url = new URL(address);
  const send = url.protocol === 'https:' ? secureRequest : request;
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void =>
      reject(new AppError('indicator-unreachable', `the relay at ${url.host} ${why}`, { cause }));
    const sent = send(
      url,
      {
        method: method.toUpperCase(),
        signal,
        // Each attempt stands by itself: a connection that the relay forgot is no connection.
        agent: false,
        ...(login === null ? {} : { auth: `${login.user}:${login.password}` }),
      },
      (answer) => {
        const { statusCode = 0 } = answer;
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) answer.destroy();
        });
        answer.on('error', () => undefined);
        if (statusCode >= HTTP_OK_FIRST && statusCode <= HTTP_OK_LAST) resolve();
        else fail(`answered ${statusCode}`);
      },
    );
    sent.on('error', (error) =>
      fail(signal.aborted ? `did not answer within ${ANSWER_LIMIT_MS} ms` : sentenceOf(error), error),
    );
    sent.end();
  });
}
