/**
 * The embedded MQTT broker of the one-machine default and of tests: aedes, which speaks 3.1.1 only and keeps everything in
 * memory. It tells sites apart by their user name and lets each write and read its own topics only. It acknowledges a message
 * before anybody has it, which is one more reason why only the centre's receipt counts.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { Aedes, type AuthenticateError } from 'aedes';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import { bulkClientOf, topicsOf } from '../core/hrc.ts';

const LOOPBACK = '127.0.0.1';
const CLOSE_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** Of MQTT 3.1.1: bad user name or password. */
const BAD_LOGIN = 4;

/** Who may connect. A site's user name is the site's id. */
export interface BrokerAccount {
  readonly username: string;
  readonly password: string;
  readonly role: 'site' | 'centre';
}

export interface BrokerOptions {
  /** Address to listen on; loopback unless said otherwise. */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Without accounts everybody may do everything: for loopback only. */
  readonly accounts?: readonly BrokerAccount[];
}

export interface Broker {
  readonly port: number;
  /** Ends every connection and stops listening. Idempotent, at most {@link CLOSE_TIMEOUT_MS}. */
  close(): Promise<void>;
}

/** Starts the broker; resolves when it listens. Rejects with `port-taken`, or `bad-config` for an open broker beyond loopback. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const host = options.host ?? LOOPBACK;
  const accounts = options.accounts ?? [];
  if (accounts.length === 0 && !isLoopback(host))
    throw new AppError('bad-config', `the broker would be open to everybody on ${host}: give it accounts`);
  const aedes = await Aedes.createBroker({ connectTimeout: CONNECT_TIMEOUT_MS });
  const roles = new WeakMap<object, BrokerAccount>();
  if (accounts.length > 0) {
    aedes.authenticate = (client, username, password, done) => {
      const account = accounts.find((known) => known.username === username);
      // Compared even when the name is unknown, so that the time taken does not tell which names exist.
      const fits = sameSecret(password ?? Buffer.alloc(0), Buffer.from(account?.password ?? ''));
      if (account === undefined || !fits || !ownsClientId(account, client.id)) {
        done(
          Object.assign(new Error('unknown user, password or client id'), {
            returnCode: BAD_LOGIN,
          }) as AuthenticateError,
          false,
        );
        return;
      }
      roles.set(client, account);
      done(null, true);
    };
    aedes.authorizePublish = (client, packet, done) => {
      const account = client === null ? undefined : roles.get(client);
      const allowed = account !== undefined && mayPublish(account, packet.topic, packet.retain);
      done(allowed ? null : new Error('not permitted'));
    };
    aedes.authorizeSubscribe = (client, subscription, done) => {
      const account = roles.get(client);
      done(null, account !== undefined && maySubscribe(account, subscription.topic) ? subscription : null);
    };
  }
  const server = createServer({ noDelay: true }, (socket) => aedes.handle(socket));
  try {
    await listen(server, options.port, host);
  } catch (error) {
    aedes.close();
    if (errnoOf(error) === 'EADDRINUSE')
      throw new AppError('port-taken', `port ${options.port} on ${host} is taken`, { cause: error });
    throw new AppError('port-taken', `the broker cannot listen on ${host}:${options.port}: ${sentenceOf(error)}`, {
      cause: error,
    });
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  let closing: Promise<void> | null = null;
  return {
    port,
    close() {
      closing ??= closeAll(aedes, server);
      return closing;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
}

async function closeAll(aedes: Aedes, server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
    aedes.close();
  });
  const limit = new AbortController();
  const late = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    limit.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  await Promise.race([closed, late]);
  limit.abort();
}

/** A site's two connections are `{site}` and `{site}-b`; any other id could take over a neighbour's. */
function ownsClientId(account: BrokerAccount, clientId: string): boolean {
  return account.role === 'centre' || clientId === account.username || clientId === bulkClientOf(account.username);
}

function mayPublish(account: BrokerAccount, topic: string, retain: boolean): boolean {
  if (account.role === 'centre') return true;
  const { state, backlog } = topicsOf(account.username);
  if (retain) return topic === state || topic === backlog;
  return topic.startsWith(`hrc/1/${account.username}/up/`) || topic.startsWith(`hrc/1/${account.username}/ft/`);
}

/** A wildcard before the site's own part cannot pass, because the beginning is compared literally. */
function maySubscribe(account: BrokerAccount, filter: string): boolean {
  if (account.role === 'centre') return true;
  const { username } = account;
  const own = [`hrc/1/${username}/dn/`, topicsOf(username).pieces, 'hrc/1/all/dn/'];
  return own.some((beginning) => filter.startsWith(beginning));
}

function sameSecret(given: Uint8Array, known: Uint8Array): boolean {
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
  return timingSafeEqual(hash(given), hash(known));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
