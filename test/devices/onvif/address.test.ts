/** The configured host always wins, the camera's path always stays, and no login ever stands in an address. */
import { expect, test } from 'vitest';
import { parseAddress, streamUrl } from '../../../devices/onvif/address.ts';

const CAMERA = parseAddress('192.168.1.21:8000');

test.each([
  ['192.168.1.21', { host: '192.168.1.21', port: 80 }],
  ['camera.local:8000', { host: 'camera.local', port: 8000 }],
  ['[fe80::1]:8000', { host: 'fe80::1', port: 8000 }],
])('%s is an address', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each(['', 'http://a', 'a b', 'a:0', 'a:70000', 'user@a', 'fe80::1'])('"%s" is none', (text) => {
  expect(() => parseAddress(text)).toThrow('is no address of a camera');
});

test.each([
  ['rtsp://192.168.1.21:554/live', 'rtsp://192.168.1.21:554/live'],
  ['rtsp://0.0.0.0:8554/a/b?c=d&e=%20', 'rtsp://192.168.1.21:8554/a/b?c=d&e=%20'],
  ['rtsp://172.17.0.2/live', 'rtsp://192.168.1.21:554/live'],
  ['rtsp://a:0/live', 'rtsp://192.168.1.21:554/live'],
  ['rtsp://a:99999/live', 'rtsp://192.168.1.21:554/live'],
  ['rtsp://admin:p@ss@a:1554/live', 'rtsp://192.168.1.21:1554/live'],
  ['rtsp://[fe80::1]:1554/live', 'rtsp://192.168.1.21:1554/live'],
  ['RTSP://a?x', 'rtsp://192.168.1.21:554?x'],
  ['rtsp://a', 'rtsp://192.168.1.21:554/'],
])('%s is recorded from %s', (named, url) => {
  expect(streamUrl(named, CAMERA)).toBe(url);
});

test('an IPv6 camera gets brackets', () => {
  expect(streamUrl('rtsp://a:1554/x', parseAddress('[fe80::1]'))).toBe('rtsp://[fe80::1]:1554/x');
});

test.each(['http://a/b', 'rtsps://a/b', '', '/live'])('"%s" is no stream', (named) => {
  expect(() => streamUrl(named, CAMERA)).toThrow('offers its stream not by rtsp:');
});
