/** Where streams come from: asked by ONVIF until there is an answer, remembered without password, never hammered after a refusal. */
import { afterEach, expect, test, vi } from 'vitest';
import { AppError } from '../../controller/core/errors.ts';
import type { Camera } from '../../controller/core/ports.ts';
import type { Source } from '../../controller/core/recording.ts';
import { PLAN, Stage } from './stage.ts';

let stage: Stage;
afterEach(async () => {
  await stage.close();
});

const onvifPlan = {
  ...PLAN,
  devices: PLAN.devices.map((device) =>
    device.id === 'cam' ? { ...device, source: { onvif: '192.0.2.7', profile: 'sub' } } : device,
  ),
};

function camera(answer: (profile: string | undefined) => Promise<Source>): Camera {
  const no = () => Promise.reject(new Error('not asked here'));
  return { identify: no, profiles: no, source: answer };
}
const SOURCE: Source = { url: 'rtsp://192.0.2.7/sub', user: 'admin', password: 'pw', transport: 'auto', audio: 'auto' };

test('is asked for the configured profile, retried after a failure, and told to the recorder', async () => {
  const asked: (string | undefined)[] = [];
  stage = await Stage.open((one) => {
    one.plan = onvifPlan;
    one.cameras.set(
      'cam',
      camera((profile) => {
        asked.push(profile);
        return asked.length < 2
          ? Promise.reject(new AppError('camera-unreachable', 'no answer'))
          : Promise.resolve(SOURCE);
      }),
    );
  });
  expect(stage.recorder.wish?.streams['cam']).toBeUndefined();
  await vi.waitFor(() => expect(stage.recorder.wish?.streams['cam']?.source.url).toBe(SOURCE.url), 5_000);
  expect(asked).toEqual(['sub', 'sub']);
});

test('is remembered without its password, so that recording works while ONVIF does not', async () => {
  stage = await Stage.open((one) => {
    one.plan = onvifPlan;
    one.cameras.set(
      'cam',
      camera(() => Promise.resolve(SOURCE)),
    );
  });
  await vi.waitFor(() => expect(stage.recorder.wish?.streams['cam']).toBeDefined());
  expect(JSON.stringify(stage.store.sql.all('SELECT * FROM source'))).not.toContain('pw');
  expect(JSON.stringify(stage.store.sql.all('SELECT * FROM source'))).not.toContain('secret');
  stage.cameras.clear();
  await stage.stop();
  await stage.start();
  expect(stage.recorder.wish?.streams['cam']?.source).toEqual({
    url: SOURCE.url,
    user: 'u',
    password: 'secret-of-cam',
    transport: 'auto',
    audio: 'auto',
  });
});

test('that refuses the login is shown as refused and not asked again soon (quirk Q08)', async () => {
  let asked = 0;
  stage = await Stage.open((one) => {
    one.plan = onvifPlan;
    one.cameras.set(
      'cam',
      camera(() => {
        asked += 1;
        return Promise.reject(new AppError('camera-refused-login', 'not authorised'));
      }),
    );
  });
  const clerk = stage.caller('clerk');
  stage.desk.wake(clerk, 'r1');
  await vi.waitFor(() => expect(stage.desk.room(clerk, 'r1').streams[0]?.state).toBe('refused'));
  // The usual back-off would have asked again by then.
  await vi.waitFor(() => expect(stage.clock.now().monoMs).toBeGreaterThan(1_002_500), 5_000);
  expect(asked).toBe(1);
});

test('secrets of cameras reach the recorder and nothing else', async () => {
  stage = await Stage.open();
  expect(stage.recorder.wish?.streams['mic']?.source.password).toBe('secret-of-mic');
  const clerk = stage.caller('clerk');
  await stage.desk.open(clerk, 'r1', { press: 'press-1', kind: 'hearing', matter: '' });
  await stage.pass(900);
  const shown = JSON.stringify([
    stage.desk.room(clerk, 'r1'),
    stage.logged,
    await stage.facts(),
    stage.store.sql.all('SELECT * FROM source'),
  ]);
  expect(shown).not.toContain('secret-of');
});
