/** The routes of this site, how each did lately, and which is taken next. */
import type { CentreDocument, RouteName } from '../core/hrc.ts';
import { afterFailure, chooseRoute, NEW_RECORD, type RouteChoice, type RouteRecord } from '../core/hrc-routes.ts';
import type { Log } from '../core/ports.ts';
import type { Route } from './routes/route.ts';

export class RouteTable {
  readonly #routes: readonly Route[];
  readonly #log: Log;
  readonly #records = new Map<RouteName, RouteRecord>();
  #told = '';

  constructor(routes: readonly Route[], log: Log) {
    this.#routes = routes;
    this.#log = log;
  }

  route(name: RouteName): Route | null {
    return this.#routes.find((route) => route.name === name) ?? null;
  }

  /** Why none of the centre's routes can be used here, as a sentence; null when one can. */
  trouble(document: CentreDocument): string | null {
    const usable = this.#routes.filter((route) => document.routes.includes(route.name));
    if (usable.some((route) => route.trouble(document) === null)) return null;
    const why = usable.map((route) => `${route.name}: ${route.trouble(document)}`).join('; ');
    const own = this.#routes.map(({ name }) => name).join(', ');
    return `the centre takes routes ${document.routes.join(', ')} only, this site sends by ${own}${why === '' ? '' : ` (${why})`}`;
  }

  /** What is taken now. That there is none at all raises the alarm, once. */
  choose(document: CentreDocument, nowMs: number, wished: RouteName | 'auto'): RouteChoice {
    const standing = this.#routes.map((route) => ({
      name: route.name,
      trouble: route.trouble(document),
      record: this.#records.get(route.name) ?? NEW_RECORD,
    }));
    const choice = chooseRoute(document.routes, standing, nowMs, wished);
    if (choice.route === null && choice.restUntilMs === null) this.#tell(`no way for the bytes: ${choice.why}`);
    else if (choice.route !== null) this.#told = '';
    return choice;
  }

  failed(name: RouteName, why: string, nowMs: number, random: number): void {
    const record = afterFailure(this.#records.get(name) ?? NEW_RECORD, nowMs, random);
    this.#records.set(name, record);
    const inS = Math.round((record.restUntilMs - nowMs) / 1_000);
    // The first time is worth a person's look; the route is tried again by itself.
    const message = `route ${name} does not work and rests for ${inS} s: ${why}`;
    if (record.failures === 1) this.#log.error({ alarm: 'centre-away', code: 'HRC-NOROUTE', route: name }, message);
    else this.#log.warn({ route: name, failures: record.failures }, message);
  }

  worked(name: RouteName): void {
    this.#records.delete(name);
  }

  /** A centre that came back, or said something new, may have mended what did not work. */
  anew(): void {
    for (const [name, record] of this.#records) this.#records.set(name, { ...record, restUntilMs: 0 });
  }

  #tell(message: string): void {
    if (this.#told === message) return;
    this.#told = message;
    this.#log.error({ alarm: 'centre-away', code: 'HRC-NOROUTE' }, message);
  }
}
