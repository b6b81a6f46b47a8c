// Several cameras of one machine answer WS-Discovery on the loopback, each for itself.

import { createSocket } from 'node:dgram';
import onvif from 'onvif';
import { expect, onTestFinished, test } from 'vitest';
import { startVirtualSite } from '../../../devices/virtual/site.ts';
import { MEDIA_CACHE_DIR, tinyCamera } from './test-site.ts';

interface Discovery {
  probe(
    options: object,
    done: (error: unknown, cams: readonly { readonly port: string; readonly hostname: string }[]) => void,
  ): void;
  on(event: 'error', listener: () => void): void;
}

const { Discovery } = onvif as unknown as { Discovery: Discovery };

function site() {
  const microphone = {
    id: 'mic-1',
    kind: 'microphone',
    room: '第一听证室',
    name: '话筒',
    audio: 'pcma',
    audioLoopS: 8,
  } as const;
  return startVirtualSite({
    cacheDir: MEDIA_CACHE_DIR,
    discoveryInterface: '127.0.0.1',
    devices: [tinyCamera(), tinyCamera({ id: 'cam-2' }), tinyCamera({ id: 'cam-3', discovery: false }), microphone],
  });
}

/** Ports of the cameras that answer. */
function found(): Promise<number[]> {
  Discovery.on('error', () => {});
  return new Promise((resolve) => {
    Discovery.probe({ device: 'lo', timeout: 600 }, (_, cams) => resolve(cams.map((cam) => Number(cam.port)).sort()));
  });
}

test('the npm package finds every camera that wants to be found', async () => {
  const cameras = await site();
  onTestFinished(() => cameras.close());
  const ports = ['cam-1', 'cam-2'].map((id) => cameras.device(id).onvifAddress?.port ?? 0).sort();
  const answers = await found();
  expect(ports.every((port) => answers.includes(port))).toBe(true);
  expect(answers).not.toContain(cameras.device('cam-3').onvifAddress?.port);
  cameras.device('cam-1').leave();
  expect(await found()).not.toContain(cameras.device('cam-1').onvifAddress?.port);
});

test('a camera says Hello and Bye', async () => {
  const heard: string[] = [];
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  await new Promise<void>((resolve) => socket.bind(3702, '239.255.255.250', resolve));
  onTestFinished(() => {
    socket.close();
  });
  socket.addMembership('239.255.255.250', '127.0.0.1');
  socket.on('message', (message) => heard.push(message.toString()));
  const cameras = await site();
  const address = `http://127.0.0.1:${cameras.device('cam-2').onvifAddress?.port}/onvif/device_service`;
  await expect.poll(() => heard.some((text) => text.includes('discovery/Hello<') && text.includes(address))).toBe(true);
  await cameras.close();
  await expect.poll(() => heard.filter((text) => text.includes('discovery/Bye<')).length).toBeGreaterThanOrEqual(2);
});
