import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort, Scene, until } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

/** A certificate that vouches for itself and for 127.0.0.1. */
function certificate(name: string): { readonly cert: string; readonly key: string } {
  const cert = join(scene.root, `${name}.pem`);
  const key = join(scene.root, `${name}.key`);
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}

test('segments go over TLS with a certificate on both sides; a broker that is not the one expected is refused', async () => {
  const server = certificate('broker');
  const client = certificate('court-0417');
  const port = await freePort();
  const { url } = await scene.broker('mosquitto', [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    `certfile ${server.cert}`,
    `keyfile ${server.key}`,
    `cafile ${client.cert}`,
    'require_certificate true',
  ]);
  await scene.centre(url);
  await scene.outbox.sealMany(3, 100_000);
  const secure = `mqtts://127.0.0.1:${port}`;
  const own = { cert: readFileSync(client.cert, 'utf8'), key: readFileSync(client.key, 'utf8') };

  const stranger = scene.forwarder(secure, { tls: { ...own, ca: readFileSync(client.cert, 'utf8') } });
  await until('the certificate is refused', () => stranger.link().trouble?.includes('certificate') === true);
  await stranger.close();

  const bare = scene.forwarder(secure, { tls: { ca: readFileSync(server.cert, 'utf8') } });
  await until('the broker wants ours', () => /certificate/i.test(bare.link().trouble ?? ''));
  await bare.close();
  expect(scene.outbox.receipts.size).toBe(0);

  scene.forwarder(secure, { tls: { ...own, ca: readFileSync(server.cert, 'utf8') } });
  await scene.delivered();
});
