/** The login of an RTSP question: the answer to the challenges of a 401, Digest with MD5 or Basic (RFC 2617). */
import { createHash, randomBytes } from 'node:crypto';
import type { Cause, Source } from '../core/recording.ts';
import { printable, type Reply } from './rtsp-call.ts';

/** The Authorization for a request after this 401: Digest with MD5 first, else Basic. Answers a cause when there can be none. */
export function authorize(reply: Reply, source: Source, method: string): string | Cause {
  if (source.user === undefined)
    return { code: 'camera-refused-login', detail: 'the camera asks for a login and none is configured' };
  const challenges = challengesOf(reply);
  for (const challenge of challenges) {
    if (!/^digest\s/i.test(challenge)) continue;
    const field = (name: string) => new RegExp(`(?:^|[\\s,])${name}=(?:"([^"]*)"|([^\\s,]+))`, 'i').exec(challenge);
    const value = (name: string) => field(name)?.[1] ?? field(name)?.[2];
    if ((value('algorithm') ?? 'MD5').toUpperCase() !== 'MD5') continue;
    return digest(source, method, value('realm') ?? '', value('nonce') ?? '', value('qop'), value('opaque'));
  }
  if (challenges.some((challenge) => /^basic\b/i.test(challenge))) {
    return `Basic ${Buffer.from(`${source.user}:${source.password ?? ''}`).toString('base64')}`;
  }
  return {
    code: 'auth-unsupported',
    detail: `the camera asks for ${challenges.map((one) => printable(one.split(/\s/)[0] ?? '')).join(', ') || 'an unknown login'}`,
  };
}

/** The login was right, only its nonce was too old. */
export function isStale(reply: Reply): boolean {
  return challengesOf(reply).some((challenge) => /^digest\s.*\bstale="?true\b/i.test(challenge));
}

function challengesOf(reply: Reply): string[] {
  return reply.headers.filter(([name]) => name === 'www-authenticate').map(([, value]) => value);
}

function digest(
  source: Source,
  method: string,
  realm: string,
  nonce: string,
  qop: string | undefined,
  opaque: string | undefined,
): string {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const user = source.user ?? '';
  const ha1 = md5(`${user}:${realm}:${source.password ?? ''}`);
  const ha2 = md5(`${method}:${source.url}`);
  const parts = [
    `username="${user.replace(/(["\\])/g, '\\$1')}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${source.url}"`,
  ];
  if (qop?.split(',').some((one) => one.trim() === 'auth') === true) {
    const cnonce = randomBytes(8).toString('hex');
    const nc = '00000001';
    parts.push(
      'qop=auth',
      `nc=${nc}`,
      `cnonce="${cnonce}"`,
      `response="${md5(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`)}"`,
    );
  } else {
    parts.push(`response="${md5(`${ha1}:${nonce}:${ha2}`)}"`);
  }
  if (opaque !== undefined) parts.push(`opaque="${opaque}"`);
  return `Digest ${parts.join(', ')}`;
}
