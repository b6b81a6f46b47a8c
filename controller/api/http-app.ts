/**
 * What every HTTP side of the product is: security headers, an API from a table of routes, built pages beside it, and one way to say
 * that something failed. A site's panel and the centre's page are each a table on top of it.
 */
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { AppError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { errorOf, failureOf } from './failures.ts';
import { isOwnOrigin, originOf } from './origin.ts';
import { checked, type Route } from './route.ts';

export const API_BASE = '/api/v1';
const BODY_BYTES_MAX = 16 * 1_024;
const MS = 1_000;

/** Addresses at which one built file is shown; the page looks at the address itself. */
export interface PageFile {
  readonly at: readonly string[];
  readonly file: string;
}

export interface HttpAppOptions<D, C> {
  readonly desk: D;
  readonly routes: readonly Route<D, C>[];
  /** Who sends a request, or null when nobody is logged in. */
  readonly callerOf: (request: IncomingMessage) => C | null;
  /** The API's own description, as plain data. */
  readonly document: object;
  readonly log: Log;
  readonly version: string;
  /** Folder of the built pages. */
  readonly panelFolder: string;
  readonly pages: readonly PageFile[];
  /** It is served over TLS. */
  readonly isSecure: boolean;
  /** What else is served, by its address. */
  readonly beside?: { readonly [path: string]: RequestHandler };
}

export function httpApp<D, C>(options: HttpAppOptions<D, C>): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(securityHeaders(options.isSecure));
  app.use('/api', apiRouter(options));
  for (const [path, handler] of Object.entries(options.beside ?? {})) app.use(path, handler);
  servePages(app, options.panelFolder, options.pages);
  app.use(() => {
    throw new AppError('not-found', 'there is nothing at this address');
  });
  app.use(answerFailure(options.log));
  return app;
}

/** Only what the panel needs is allowed. A site may be plain HTTP on its own network, so nothing is upgraded to HTTPS. */
function securityHeaders(isSecure: boolean): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'media-src': ["'self'", 'blob:'],
        'worker-src': ["'self'", 'blob:'],
        'img-src': ["'self'", 'data:', 'blob:'],
        'style-src': ["'self'"],
        'connect-src': ["'self'", 'ws:', 'wss:'],
        'object-src': ["'none'"],
        'base-uri': ["'self'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    strictTransportSecurity: isSecure,
    // Browsers ignore these two on plain HTTP and complain about it.
    crossOriginOpenerPolicy: isSecure,
    originAgentCluster: isSecure,
  });
}

function apiRouter<D, C>(options: HttpAppOptions<D, C>): RequestHandler {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/openapi.json', (_request, response) => {
    response.json(options.document);
  });
  const v1 = express.Router({ caseSensitive: true, strict: true });
  for (const route of options.routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    v1[route.method](path, ...handlersOf(route, options));
  }
  router.use(API_BASE.slice('/api'.length), v1);
  router.use(() => {
    throw new AppError('not-found', 'the API has nothing at this address');
  });
  return router;
}

/** Origin, then login, then the body: nobody's bytes are read before it is known that they may send some. */
function handlersOf<D, C>(route: Route<D, C>, options: HttpAppOptions<D, C>): RequestHandler[] {
  const { desk, version, isSecure, callerOf } = options;
  const callers = new WeakMap<object, C>();
  const guard: RequestHandler = (request, _response, next) => {
    if (route.method === 'post' && !isOwnOrigin(request)) {
      throw new AppError('foreign-origin', 'the request was made by a page of another site');
    }
    if (route.needsLogin) {
      const caller = callerOf(request);
      if (caller === null) throw new AppError('not-logged-in', 'nobody is logged in');
      callers.set(request, caller);
    }
    next();
  };
  const answer: RequestHandler = async (request, response) => {
    const call = {
      ...{ desk, request, response, version, isSecure },
      from: originOf(request),
      params: checked(route.params, request.params),
      query: checked(route.query, request.query),
      body: route.body === null ? undefined : checked(route.body, request.body),
    };
    const reply = await route.handle(call as Parameters<Route<D, C>['handle']>[0], callers.get(request) as C);
    if (reply === null) return;
    response.status(reply.status ?? 200);
    if (reply.status === 204) response.end();
    else response.json(reply.json);
  };
  if (route.body === null) return [guard, answer];
  return [guard, express.json({ limit: route.bodyBytesMax ?? BODY_BYTES_MAX }), answer];
}

function servePages(app: Express, folder: string, pages: readonly PageFile[]): void {
  // Names below assets/ hold a hash of their content.
  app.use('/assets', express.static(join(folder, 'assets'), { immutable: true, maxAge: '1y', index: false }));
  app.use(express.static(folder, { index: false, cacheControl: false, setHeaders: setNoCache }));
  for (const { at, file } of pages) app.get([...at], sendPage(join(folder, file)));
}

function sendPage(page: string): RequestHandler {
  return (_request, response) => {
    if (!existsSync(page)) throw new AppError('not-found', 'the panel is not built');
    setNoCache(response);
    response.sendFile(page, { cacheControl: false });
  };
}

function setNoCache(response: { setHeader(name: string, value: string): unknown }): void {
  response.setHeader('Cache-Control', 'no-cache');
}

function answerFailure(log: Log): ErrorRequestHandler {
  return (error, request, response, _next) => {
    const known = errorOf(error);
    const { status, body } = failureOf(known);
    if (known.kind === 'internal') {
      log.error({ method: request.method, path: request.path, err: known.cause ?? known }, 'a request failed');
    } else if (known.code === 'segment-unknown' && known.cause !== undefined) {
      log.error({ path: request.path, err: known.cause }, 'a file of the index cannot be opened');
    }
    if (response.headersSent) {
      // Half an answer is on its way: cutting it off is the only way left to say that it is not whole.
      response.destroy();
      return;
    }
    if (known.retryAfterMs !== null) response.set('Retry-After', String(Math.ceil(known.retryAfterMs / MS)));
    for (const header of ['ETag', 'Accept-Ranges', 'Content-Length']) response.removeHeader(header);
    response.status(status).set('Cache-Control', 'no-store').type('json').send(JSON.stringify(body));
  };
}
