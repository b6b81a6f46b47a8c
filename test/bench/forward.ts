/** What forwarding costs: speed and memory of a drain beside its rivals, the way of one segment to its receipt, a recording beside it. */
import { figure, quantile, table } from './figures.ts';
import { backlog, RSS_MIB_MAX } from './forward-backlog.ts';
import { beside } from './forward-beside.ts';
import { drain } from './forward-drain.ts';
import { receipts } from './forward-receipt.ts';
import type { Scene } from './scene.ts';

const MQTT_RATIO_MIN = 0.8;
const HTTP_RATIO_MIN = 0.8;
/** Garbage waits for its collection or does not: what is less than this is no growth. */
const RSS_GROWTH_MIB_MAX = 32;
const RECEIPT_MS_MAX = 1_000;
export const FORWARD_PARTS = ['drain', 'backlog', 'receipts', 'beside'] as const;

export async function forward(scene: Scene): Promise<object> {
  const part = async <Result>(name: (typeof FORWARD_PARTS)[number], act: (scene: Scene) => Promise<Result>) => {
    if (!scene.options.parts.includes(name)) return null;
    const result = await scene.part(act);
    scene.say();
    return result;
  };
  const drained = await part('drain', drain);
  const grown = await part('backlog', backlog);
  const times = await part('receipts', receipts);
  const lost = await part('beside', beside);
  const [ratioMqtt, ratioHttp] = [drained?.ratioMqtt ?? Number.NaN, drained?.ratioHttp ?? Number.NaN];
  const [growth, rss] = [grown?.rssGrowthMiB ?? Number.NaN, grown?.rssMiB ?? Number.NaN];
  const p99 = quantile(times ?? [], 0.99);
  const framesLost = lost ?? Number.NaN;
  const goals: readonly (readonly [string, number, string, boolean])[] = [
    ['route B over bare MQTT', ratioMqtt, `≥ ${MQTT_RATIO_MIN}`, ratioMqtt >= MQTT_RATIO_MIN],
    ['routes C and D over HTTP PUT', ratioHttp, `≥ ${HTTP_RATIO_MIN}`, ratioHttp >= HTTP_RATIO_MIN],
    ['growth of RSS with the backlog, MiB', growth, `≤ ${RSS_GROWTH_MIB_MAX}`, growth <= RSS_GROWTH_MIB_MAX],
    ['RSS of the forwarder, MiB', rss, `≤ ${RSS_MIB_MAX}`, rss <= RSS_MIB_MAX],
    ['closed → receipt p99, ms', p99, `≤ ${RECEIPT_MS_MAX}`, p99 <= RECEIPT_MS_MAX],
    ['frames lost beside a drain', framesLost, '0', framesLost === 0],
  ];
  const verdict = (value: number, isMet: boolean) => (Number.isNaN(value) ? 'not measured' : isMet ? 'met' : 'missed');
  const rows = goals.map(([what, value, goal, isMet]) => [what, value, goal, verdict(value, isMet)]);
  for (const line of table([['goals', '', '', ''], ...rows])) scene.say(line);
  return {
    ratioMqtt: figure(ratioMqtt, 3),
    ratioHttp: figure(ratioHttp, 3),
    rssGrowthMiB: figure(growth, 1),
    receiptP99Ms: figure(p99),
    framesLostBeside: figure(framesLost),
  };
}
