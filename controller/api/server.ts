/** The HTTP side of a site: its table of routes, and the panel's files beside it. */
import type { Express } from 'express';
import type { Desk } from '../core/desk.ts';
import type { Log } from '../core/ports.ts';
import type { SegmentPull } from '../core/site-archive.ts';
import { httpApp, type PageFile } from './http-app.ts';
import { tokenOf } from './login-cookie.ts';
import { openApiDocument } from './openapi.ts';
import { originOf } from './origin.ts';
import { segmentPull } from './pull.ts';
import { ROUTES } from './routes.ts';

const PAGES: readonly PageFile[] = [
  {
    file: 'index.html',
    at: [
      ...['/', '/login', '/pair', '/me', '/people', '/room/*rest', '/sign/*rest', '/display/*rest'],
      ...['/review', '/review/*rest'],
    ],
  },
  // The hall's sign is a page of its own, small enough to be kept whole by its browser.
  { file: 'hall.html', at: ['/hall/*rest'] },
];

export interface AppOptions {
  readonly desk: Desk;
  readonly log: Log;
  readonly version: string;
  /** Folder of the built panel. */
  readonly panelFolder: string;
  /** The panel is served over TLS. */
  readonly isSecure: boolean;
  /** Files that the centre may fetch; absent where it cannot reach this site. */
  readonly pull?: SegmentPull;
}

export function createApp({ pull, ...options }: AppOptions): Express {
  const { desk, version } = options;
  return httpApp({
    ...options,
    routes: ROUTES,
    callerOf: (request) => {
      const token = tokenOf(request.headers.cookie);
      return token === null ? null : desk.door.callerOf(token, originOf(request).panelToken);
    },
    document: openApiDocument(version),
    pages: PAGES,
    ...(pull === undefined ? {} : { beside: { '/v1/seg': segmentPull(pull) } }),
  });
}
