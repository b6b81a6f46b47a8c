/** What stands in rooms and at doors, put behind its ports: lamps, the voice, the decoder of glances. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpRelay } from '../../devices/indicator/http-relay.ts';
import { mqttLamp } from '../../devices/indicator/mqtt.ts';
import type { Config } from '../config/schema.ts';
import type { GlanceDecoder, Indicator, Voice } from '../core/ports.ts';
import type { IndicatorPlan } from '../core/site-plan.ts';
import { glanceDecoder } from '../media/glance-decoder.ts';
import { siteVoice } from '../media/voice.ts';

const FFMPEG = 'ffmpeg';
/** Below the data folder; may be deleted, and is made again. */
const SPEECH_FOLDER = 'speech';

export interface Stands {
  readonly voice: Voice;
  readonly decoder: GlanceDecoder;
  readonly indicators: (plan: IndicatorPlan) => Indicator;
}

export function standsOf(config: Config): Stands {
  return {
    voice: siteVoice({ folder: join(config.storage.data, SPEECH_FOLDER), ...config.speech }),
    decoder: glanceDecoder(FFMPEG),
    indicators: (plan) => indicatorOf(plan, config),
  };
}

function indicatorOf({ id, drive, login }: IndicatorPlan, { site, mqtt }: Config): Indicator {
  if ('http' in drive) {
    const { on, off, method } = drive.http;
    return httpRelay({ onUrl: on, offUrl: off, method, login });
  }
  const { url, topic, on, off } = drive.mqtt;
  // Its own connection, so that the broker says `off` for this lamp alone when it is lost.
  const clientId = `${site.id}-lamp-${id}`;
  if (url !== undefined || mqtt === null) return mqttLamp({ url: url ?? '', login, clientId, topic, on, off });
  const tls = {
    ...(mqtt.caFile === undefined ? {} : { ca: readFileSync(mqtt.caFile, 'utf8') }),
    ...(mqtt.certFile === undefined ? {} : { cert: readFileSync(mqtt.certFile, 'utf8') }),
    ...(mqtt.keyFile === undefined ? {} : { key: readFileSync(mqtt.keyFile, 'utf8') }),
  };
  return mqttLamp({ url: mqtt.url, login: login ?? mqtt.login, clientId, topic, on, off, tls });
}
