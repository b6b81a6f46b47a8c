// A specification is checked as a whole: every fault is named, and what is not said has an honest default.

import { expect, test } from 'vitest';
import { parseSiteSpec, resolveDevice } from '../../../devices/virtual/spec.ts';

const camera = { id: 'cam-1', kind: 'camera', room: '第一听证室', name: '主摄像机' };

test('the smallest specification is an honest camera', () => {
  const site = parseSiteSpec({ cacheDir: '/var/cache/media', devices: [camera] });
  const [device] = site.devices.map(resolveDevice);
  expect(device).toMatchObject({
    host: '127.0.0.1',
    audio: 'aac',
    rtspAuth: ['digest-md5'],
    transport: 'both',
    startAt: 'keyframe-now',
    clockOffsetMs: 0,
    lockAfter: 0,
    video: { width: 1280, height: 720, fps: 25, bitrateKbps: 1000, gopS: 2, loopS: 16, codec: 'h264', bFrames: 0 },
  });
});

test('the loop grows to a whole number of GOPs', () => {
  expect(resolveDevice({ ...camera, kind: 'camera', video: { gopS: 10 } }).video?.loopS).toBe(20);
});

test('all faults are reported together', () => {
  const bad = {
    cacheDir: 'relative',
    colour: 'red',
    devices: [
      { ...camera, kind: 'robot', rtspPort: 70_000, password: '', rtspAuth: ['sha1'] },
      { ...camera, audioLoopS: 10, surprise: 1, video: { width: 321, gopS: 0.05, loopS: 'long' } },
      { id: 'mic', kind: 'microphone', room: 'r', name: 'n', audio: 'none' },
      { ...camera, id: 'cam-9', video: { gopS: 2, loopS: 5 } },
      { ...camera, id: 'cam-8', sprop: 'some', fpsJitterMs: 40, driftPpm: 1e9, video: { codec: 'vp9', bFrames: 1.5 } },
    ],
  };
  const faults = [
    'site.cacheDir: must be an absolute path',
    'site.colour: not known',
    'devices[0].kind: must be one of camera, microphone',
    'devices[0].rtspPort: must be a number from 0 to 65535',
    'devices[0].password: must be a text that is not empty',
    'devices[0].rtspAuth: must be a list of',
    'devices[1].audioLoopS: must be a multiple of 8 s',
    'devices[1].surprise: not known',
    'devices[1].video.gopS: must be a number from 0.5 to 10',
    'devices[1].video.loopS: must be a number',
    'devices[1].id: used twice',
    'devices[2].audio: a microphone has sound',
    'devices[3].video.loopS: must be a multiple of gopS',
    'devices[4].sprop: must be one of sdp, none',
    'devices[4].fpsJitterMs: must be less than the time between two pictures',
    'devices[4].driftPpm: must be a number from -100000 to 100000',
    'devices[4].video.codec: must be one of h264, h265',
    'devices[4].video.bFrames: must be a whole number',
  ];
  for (const fault of faults) expect(() => parseSiteSpec(bad)).toThrow(fault);
});
