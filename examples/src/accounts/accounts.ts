import { type Database, json, type Keyspace, VarveError } from 'varve'

export interface User {
  name: string
  email: string
}

/**
 * Users, each with an email that no other user has.
 *
 *     keyspace users     id → user
 *     keyspace emails    email → id: a unique index over users
 *
 * A user and the entry of the index change in one commit: after any crash both are there or
 * neither.
 */
export class Accounts {
  static async open(db: Database<string, unknown>): Promise<Accounts> {
    const [users, emails] = await Promise.all([
      db.keyspace('users', { valueEncoding: json<User>() }),
      db.keyspace('emails', { valueEncoding: 'utf8' }),
    ])
    return new Accounts(db, users, emails)
  }

  private constructor(
    private readonly db: Database<string, unknown>,
    readonly users: Keyspace<string, User>,
    readonly emails: Keyspace<string, string>,
  ) {}

  /** @throws if the id or the email is taken */
  async create(id: string, user: User): Promise<void> {
    const creation = this.db
      .atomic()
      .keyspace(this.emails)
      .check(user.email, null)
      .put(user.email, id)
      .keyspace(this.users)
      .check(id, null)
      .put(id, user)
    try {
      await creation.commit()
    } catch (error) {
      if (!(error instanceof VarveError) || error.code !== 'CONFLICT') throw error
      throw new Error(`${String(error.key)} is taken in ${error.keyspace}`, { cause: error })
    }
  }

  /** @throws if there is no such user, or another one has the email */
  async changeEmail(id: string, email: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const [users, emails] = [tx.keyspace(this.users), tx.keyspace(this.emails)]
      const user = await users.get(id)
      if (user === undefined) throw new Error(`no user ${id}`)
      const owner = await emails.get(email)
      if (owner !== undefined && owner !== id) throw new Error(`${email} belongs to ${owner}`)
      await emails.del(user.email)
      await emails.put(email, id)
      await users.put(id, { ...user, email })
    })
  }

  /** One snapshot for both reads: the index always fits the user. */
  async byEmail(email: string): Promise<User | undefined> {
    using snapshot = this.db.snapshot()
    const id = await this.emails.get(email, { snapshot })
    return id === undefined ? undefined : this.users.get(id, { snapshot })
  }
}
