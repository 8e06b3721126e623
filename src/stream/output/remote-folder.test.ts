import { expect, it, vi } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { RemoteFolder } from './remote-folder.js';

vi.mock('node:os', async (original) => ({
  ...(await original<object>()),
  // As in a container that runs under a number without a name.
  userInfo: () => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  },
}));

it.skipIf(process.platform === 'win32')(
  'keeps results in one place per user and address, also for a user without a name',
  async () => {
    vi.stubEnv('TMPDIR', await scratchDir());
    const places = await Promise.all(
      ['s3://bucket/a', 's3://bucket/a/', 's3://bucket/b', 'folder'].map((folder) => RemoteFolder.of(folder)),
    );
    const [one, same, other] = places.map((place) => place?.local);
    expect([one === same, one === other, places[3]]).toEqual([true, false, null]);
    vi.unstubAllEnvs();
  },
);
