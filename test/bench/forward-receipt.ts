/** How long it takes on an idle system from the recorder's word that a segment is closed until its signed receipt is kept. */
import { quantile, table } from './figures.ts';
import { startBroker, startCentre, startSite } from './forward-line.ts';
import { backlogOf, makeFiles } from './forward-load.ts';
import { pause, type Scene, until } from './scene.ts';

/** Between a receipt and the next segment: nothing of the one before is left to do. */
const REST_MS = 50;

/** Answers milliseconds, in order. */
export async function receipts(scene: Scene): Promise<readonly number[]> {
  const { receipts: count } = scene.options;
  const files = await makeFiles(scene, count);
  const data = await backlogOf(scene, []);
  const broker = await startBroker(scene);
  const { keys } = await startCentre(scene, broker);
  const site = await startSite(scene, broker, { data, keys });
  site.ask({ begin: true });
  await site.until('connected');
  const times = () => site.heard.flatMap(({ receiptMs }) => (typeof receiptMs === 'number' ? [receiptMs] : []));
  for (const [done, file] of files.entries()) {
    await pause(REST_MS);
    site.ask({ seal: file });
    await until(() => times().length > done);
  }
  const all = times();
  const row = ['segment closed → receipt, ms', ...[0.5, 0.9, 0.99, 1].map((share) => Math.round(quantile(all, share)))];
  for (const line of table([[`${count} segments, idle`, 'p50', 'p90', 'p99', 'max'], row])) scene.say(line);
  return all;
}
