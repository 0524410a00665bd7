import { Injectable, NotFoundException } from '@nestjs/common';
import type { Profile } from '@parley-apps/contracts';
import { type Database, InjectDatabase } from '@parley-apps/postgres';
import { eq } from 'drizzle-orm';
import { profiles } from './profiles.table.js';

@Injectable()
export class ProfilesService {
  constructor(@InjectDatabase() private readonly database: Database) {}

  /** Keeps the profile. One that is kept already stays as it is, and is returned. */
  async keep(profile: Pick<Profile, 'id' | 'name' | 'displayName'>): Promise<Profile> {
    await this.database.insert(profiles).values(profile).onConflictDoNothing({ target: profiles.id });
    return this.get(profile.id);
  }

  /** Throws a NotFoundException for an id that is nobody's. */
  async get(id: string): Promise<Profile> {
    const [row] = await this.database.select().from(profiles).where(eq(profiles.id, id));
    if (row === undefined) throw new NotFoundException('User not found');
    return { ...row, createdAt: row.createdAt.toISOString() };
  }
}
