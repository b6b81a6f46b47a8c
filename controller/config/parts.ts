/** The small parts that fields of the site configuration are made of: ids, texts, addresses. A login never stands in an address. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { SITE_PATTERN } from '../core/hrc.ts';
import { STREAM_ID_PATTERN } from '../core/recording.ts';

/** A host name, an IPv4 address or an IPv6 address in brackets, and a port if it is not the usual one. */
const HOST_PORT_PATTERN = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/;

export const id = z
  .string()
  .regex(
    STREAM_ID_PATTERN,
    'must be 1 to 24 small letters, digits and hyphens, and begin and end with a letter or digit',
  );
/** Names the site in topics, in certificates and in the centre's store. */
export const siteId = z
  .string()
  .regex(SITE_PATTERN, 'must be 4 to 32 small letters, digits and hyphens, not ending in -b and not centre');
export const text = z.string().trim().min(1, 'must not be empty').max(100, 'must be at most 100 characters');
export const loginName = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be the name of a login in the secrets file');
export const host = z.string().regex(/^[A-Za-z0-9.:-]+$/, 'must be a host name or an address without port');
export const port = z.int().min(1).max(65_535);
export const folder = z.string().refine(isAbsolute, 'must be an absolute path');
export const file = z.string().min(1, 'must not be empty');

export const hostPort = z
  .string()
  .regex(HOST_PORT_PATTERN, 'must be host or host:port, for example 192.168.1.21 or 192.168.1.21:8000')
  .refine((value) => portOf(value) >= 1 && portOf(value) <= 65_535, 'must have a port from 1 to 65535');

export const rtspUrl = z
  .string()
  .refine((value) => urlOf(value)?.protocol === 'rtsp:', 'must be an address like rtsp://192.168.1.21:554/path')
  .refine(
    (value) => !hasLogin(value),
    'must not hold a login: put user and password into the secrets file and name them in login',
  );

export const brokerUrl = z
  .string()
  .refine(
    (value) => ['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(urlOf(value)?.protocol ?? ''),
    'must be an address like mqtts://centre.example:8883',
  )
  .refine(
    (value) => !hasLogin(value),
    'must not hold a login: put user and password into the secrets file and name them in login',
  );

export const httpUrl = z
  .string()
  .refine(
    (value) => ['http:', 'https:'].includes(urlOf(value)?.protocol ?? ''),
    'must be an address like http://192.168.1.61/relay/0?turn=on',
  )
  .refine(
    (value) => !hasLogin(value),
    'must not hold a login: put user and password into the secrets file and name them in login',
  );

function urlOf(value: string): URL | null {
  return URL.canParse(value) ? new URL(value) : null;
}

function hasLogin(value: string): boolean {
  const url = urlOf(value);
  return url !== null && (url.username !== '' || url.password !== '');
}

/** The port of host:port; 80 when none is given. */
function portOf(hostAndPort: string): number {
  const found = /:(\d+)$/.exec(hostAndPort.replace(/^\[[^\]]*\]/, ''));
  return found === null ? 80 : Number(found[1]);
}

/** No control character is in it. */
export function isPrintable(value: string): boolean {
  return !/\p{Cc}/u.test(value);
}
