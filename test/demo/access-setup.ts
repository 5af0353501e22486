import type { Access } from '../../demo/server/access.ts';
import { createAccess } from '../../demo/server/access-control.ts';
import { defaultConfig, type ServerConfig } from '../../demo/server/config.ts';

/** The access control of a server that knows alice, and a clock that can be set. */
export interface AccessSetup {
  readonly access: Access;
  readonly clock: { now: number };
}

/** Sets up access control as an operator configures it. */
export function setUp(
  config: Partial<ServerConfig> = {},
  admins: Record<string, string> = { admin: 'password' },
): AccessSetup {
  const clock = { now: Date.UTC(2026, 10, 20, 16, 46, 48) };
  const access = createAccess({
    admins,
    users: { alice: { password: 'secret', roles: ['reader'] } },
    config: { ...defaultConfig(), ...config },
    now: () => clock.now,
    newSecret: () => 'secret',
  });
  return { access, clock };
}
