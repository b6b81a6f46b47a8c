/** From the configuration of a centre to where its bytes lie and by which ways they come. */
import { readFileSync } from 'node:fs';
import type { IntakeWishes } from '../central/intake/intake.ts';
import type { StoreChoice } from '../central/open-store.ts';
import type { Centre as CentreConfig } from '../config/schema.ts';
import { AppError } from '../core/errors.ts';

/** The object store that is configured; the centre's own folder when none is. */
export function storeChoiceOf({ folder, store }: CentreConfig): StoreChoice {
  if (store === null) return { kind: 'folder', folder };
  const { endpoint, region, bucket, pathStyle, login, caFile, durability, sitesEndpoint } = store;
  if (login === null) throw new AppError('bad-config', 'centre.store.login names no login of the secrets file');
  return {
    kind: 's3',
    access: {
      ...{ endpoint, region, bucket, pathStyle, accessKeyId: login.user, secretAccessKey: login.password },
      ...(caFile === undefined ? {} : { ca: [readFileSync(caFile, 'utf8')] }),
    },
    durability,
    ...(sitesEndpoint === undefined ? {} : { sitesEndpoint }),
  };
}

/** The ways for bytes that are configured. */
export function intakeWishesOf({ routes, pullFrom, pullCaFile }: CentreConfig): IntakeWishes {
  return { routes, pullFrom, ...(pullCaFile === undefined ? {} : { pullCa: [readFileSync(pullCaFile, 'utf8')] }) };
}
