import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  jwsHash,
  kidOf,
  payloadOf,
  publicKeyOf,
  readPublicKey,
  signJws,
  verifyJws,
} from '../../controller/core/jws.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const key = publicKeyOf(privateKey);
const payload = { v: 1, site: 'court-0417', text: '听证' };
const jws = signJws('hrc-seg', key.kid, payload, privateKey);

const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const [head = '', body = '', tail = ''] = jws.split('.');

/** A text whose header is another one, properly signed with the right key. */
function withHeader(header: object): string {
  const signed = signJws('x', key.kid, payload, privateKey).split('.');
  return [b64(header), signed[1], signed[2]].join('.');
}

describe('a signature', () => {
  test('is checked and its payload comes out as it went in', () => {
    expect(verifyJws(jws, 'hrc-seg', [key])).toEqual({ ok: true, kid: key.kid, payload });
    expect(payloadOf(jws)).toEqual(payload);
    expect(jwsHash(jws)).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is the same for the same words: Ed25519 uses no randomness', () => {
    expect(signJws('hrc-seg', key.kid, payload, privateKey)).toBe(jws);
  });

  test('follows RFC 8037: the example key of its appendix A has the right public half', () => {
    const example = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    expect(readPublicKey({ kid: kidOf(Buffer.from(example.x, 'base64url')), x: example.x })).not.toBeNull();
  });

  test.each<[string, string, 'malformed' | 'signature']>([
    ['a changed body', [head, b64({ ...payload, v: 2 }), tail].join('.'), 'signature'],
    ['a cut signature', `${head}.${body}.${tail.slice(0, -4)}`, 'malformed'],
    ['another type', signJws('hrc-cmd', key.kid, payload, privateKey), 'malformed'],
    ['an unknown key', signJws('hrc-seg', '0123456789abcdef', payload, privateKey), 'signature'],
    ['alg none', withHeader({ alg: 'none', typ: 'hrc-seg', kid: key.kid }), 'malformed'],
    ['alg HS256', withHeader({ alg: 'HS256', typ: 'hrc-seg', kid: key.kid }), 'malformed'],
    ['an extension', withHeader({ alg: 'EdDSA', typ: 'hrc-seg', kid: key.kid, crit: ['b64'] }), 'malformed'],
    ['a key id that is no text', withHeader({ alg: 'EdDSA', typ: 'hrc-seg', kid: { a: 1 } }), 'signature'],
    ['a second spelling of the same bytes', `${jws}=`, 'malformed'],
    ['four parts', `${jws}.x`, 'malformed'],
    ['nothing', '', 'malformed'],
    ['JSON that is none', `${b64('{')}.${body}.${tail}`, 'malformed'],
    ['a header that is no object', `${b64('7')}.${body}.${tail}`, 'malformed'],
    ['a megabyte', 'A'.repeat(1_000_000), 'malformed'],
  ])('is refused with %s', (_what, text, fault) => {
    expect(verifyJws(text, 'hrc-seg', [key])).toMatchObject({ ok: false, fault });
  });

  test('of a stranger under a trusted key id is refused', () => {
    const stranger = generateKeyPairSync('ed25519').privateKey;
    expect(verifyJws(signJws('hrc-seg', key.kid, payload, stranger), 'hrc-seg', [key])).toMatchObject({
      ok: false,
      fault: 'signature',
    });
  });
});

test.each([null, 7, {}, { kid: key.kid }, { kid: 'x', x: key.x }, { kid: key.kid, x: `${key.x}AA` }, { kid: 1, x: 2 }])(
  'a key from outside that is none is not taken: %j',
  (value) => {
    expect(readPublicKey(value)).toBeNull();
  },
);

test('a key of another kind cannot be used for signing', () => {
  const { publicKey } = generateKeyPairSync('x25519');
  expect(() => publicKeyOf(publicKey)).toThrow('Ed25519');
});
