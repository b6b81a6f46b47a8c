/** How the state of a site is said. */
import type { SiteRow } from '../../controller/api/contract-centre.ts';
import { Icon } from '../shell/icon.tsx';
import { say, sayCause } from '../words/language.ts';
import { minuteText } from './frame.tsx';

export function OnlineMark({ site }: { readonly site: SiteRow }) {
  const { isOnline, since } = site;
  const word = isOnline === null ? 'centre.unheard' : isOnline ? 'centre.online' : 'centre.offline';
  return (
    <span class="online" data-is={isOnline}>
      <Icon name={isOnline === true ? 'ready' : 'unlinked'} />
      <span>
        {say(word)}
        {since !== null && <small>{say('centre.since', { time: minuteText(since) })}</small>}
      </span>
    </span>
  );
}

/** What somebody should look at, the worst first. */
export function troublesOf(site: SiteRow): readonly string[] {
  const { conflicts, chainFaults, missing, alarms, recorderAnswers } = site;
  const numbers = missing.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  return [
    ...(conflicts > 0 ? [say('centre.conflicts', { n: conflicts })] : []),
    ...(chainFaults > 0 ? [say('centre.chain-faults', { n: chainFaults })] : []),
    ...(recorderAnswers === false ? [sayCause('recorder-away')] : []),
    ...alarms.map(({ code, stream }) => (stream === null ? sayCause(code) : `${sayCause(code)} (${stream})`)),
    ...(numbers > 0 ? [say('centre.missing', { n: numbers })] : []),
  ];
}
