/** Reads the configuration of a centre: out of a site's file, or a file of its own, with every fault at the same time. */
import type { FieldFault } from '../core/errors.ts';
import {
  badConfig,
  centreOf,
  deepFreeze,
  faultsOf,
  loadConfig,
  mqttOf,
  readSecrets,
  readYaml,
  unreadableFiles,
} from './load.ts';
import { brokerIsNamedOnce, certificateAndKeyComeTogether, loginsExist, waysToTheCentreArePossible } from './rules.ts';
import { type CentreConfig, centreFileSchema } from './schema.ts';

/**
 * The centre in the YAML file at `path`. A file with `site` is a site's and is judged as such. Throws `bad-config` with every fault:
 * the field and the line, what is wrong, and the offending value, but never a secret.
 */
export function loadCentreConfig(path: string): CentreConfig {
  const { value: raw, lineOf } = readYaml(path, 'core');
  if (typeof raw === 'object' && raw !== null && Object.hasOwn(raw, 'site')) return ofSite(path);
  const faults: FieldFault[] = [];
  const parsed = centreFileSchema.safeParse(raw);
  if (!parsed.success) faults.push(...parsed.error.issues.flatMap((issue) => faultsOf(issue, raw)));
  const secrets = readSecrets(path, raw, faults);
  if (parsed.success) {
    const { centre, mqtt } = parsed.data;
    const logins = secrets === null ? null : Object.keys(secrets.logins);
    faults.push(
      ...brokerIsNamedOnce({ mqtt }),
      ...certificateAndKeyComeTogether({ mqtt }),
      ...waysToTheCentreArePossible({ centre }),
      ...loginsExist({ centre, mqtt, logins, devices: [], indicators: [] }),
      ...unreadableFiles(path, { centre, mqtt }),
    );
  }
  if (!parsed.success || secrets === null || faults.length > 0)
    throw badConfig(
      path,
      faults.map(({ field, message }) => ({ field, message: `${message}, line ${lineOf(field)}` })),
    );
  const { centre, mqtt } = parsed.data;
  return deepFreeze({ centre: centreOf(centre, path, secrets), mqtt: mqttOf(mqtt, path, secrets) });
}

function ofSite(path: string): CentreConfig {
  const { centre, mqtt } = loadConfig(path);
  if (centre !== null && mqtt !== null) return { centre, mqtt };
  const field = centre === null ? 'centre' : 'mqtt';
  throw badConfig(path, [{ field, message: 'is missing: a centre on this machine needs centre.folder, and mqtt' }]);
}
