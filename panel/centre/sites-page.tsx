/** `/`: every site, those with something overdue or wrong first. */
import type { SiteRow } from '../../controller/api/contract-centre.ts';
import { sizeText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { say } from '../words/language.ts';
import { siteAddress } from './address.ts';
import { useAsked } from './asked.ts';
import { Frame, minuteText } from './frame.tsx';
import { getSites } from './rest.ts';
import { OnlineMark, troublesOf } from './site-words.tsx';

export function SitesPage() {
  const { value, note } = useAsked(getSites);
  return (
    <Frame note={note}>
      <h1>{say('centre.sites')}</h1>
      {value === null && <p>{say('load.waiting')}</p>}
      {value?.sites.length === 0 && <p>{say('centre.no-sites')}</p>}
      {value !== null && value.sites.length > 0 && (
        <div class="table-scroll">
          <table class="rows" data-sites>
            <thead>
              <tr>
                <th>{say('centre.site')}</th>
                <th>{say('centre.state')}</th>
                <th>{say('centre.overdue')}</th>
                <th>{say('centre.running')}</th>
                <th>{say('centre.waiting')}</th>
                <th>{say('centre.held')}</th>
                <th>{say('centre.attention')}</th>
              </tr>
            </thead>
            <tbody>
              {value.sites.map((site) => (
                <Row key={site.site} site={site} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Frame>
  );
}

function Row({ site }: { readonly site: SiteRow }) {
  const troubles = troublesOf(site);
  return (
    <tr data-site={site.site} data-online={site.isOnline}>
      <td>
        <a class="row-link" href={siteAddress(site.site)}>
          {site.site}
        </a>
      </td>
      <td>
        <OnlineMark site={site} />
      </td>
      <td class="tabular" data-grave={site.overdue > 0}>
        {site.overdue > 0 ? say('centre.overdue-n', { n: site.overdue }) : '0'}
      </td>
      <td class="tabular">{site.running}</td>
      <td class="tabular">
        {site.waiting === null
          ? '—'
          : say('centre.amount', { n: site.waiting.segments, size: sizeText(site.waiting.bytes) })}
        {site.waiting?.oldest != null && (
          <small>{say('centre.since', { time: minuteText(site.waiting.oldest) })}</small>
        )}
      </td>
      <td class="tabular">
        {say('centre.parts', { n: site.held.segments })}
        <small>{sizeText(site.held.bytes)}</small>
      </td>
      <td class="row-troubles">
        {troubles.length === 0 ? (
          <span class="row-well">
            <Icon name="check" /> {say('centre.nothing')}
          </span>
        ) : (
          <span data-grave="true" title={troubles.join('\n')}>
            {troubles[0]}
            {troubles.length > 1 && <small>{say('centre.more', { n: troubles.length - 1 })}</small>}
          </span>
        )}
      </td>
    </tr>
  );
}
