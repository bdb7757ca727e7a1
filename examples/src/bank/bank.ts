import { type Database, VarveError } from 'varve'

/**
 * Accounts with balances.
 *
 *     account/<name>     the balance, never below 0
 *     email/<email>      the name of the account: each email once
 *
 * Transfers and openings are transactions, so they may wait between their reads and their writes,
 * and any number of them may run at the same time.
 */
export class Bank {
  constructor(private readonly db: Database<string, unknown>) {}

  /** @throws if the name or the email is taken */
  async open(name: string, email: string, balance: number): Promise<void> {
    const opening = this.db
      .atomic()
      .check(`account/${name}`, null)
      .check(`email/${email}`, null)
      .put(`account/${name}`, balance)
      .put(`email/${email}`, name)
    try {
      await opening.commit()
    } catch (error) {
      if (!(error instanceof VarveError) || error.code !== 'CONFLICT') throw error
      throw new Error(`${String(error.key)} is taken`, { cause: error })
    }
  }

  /** @throws if `from` has less than `amount` */
  async transfer(from: string, to: string, amount: number): Promise<void> {
    await this.db.transaction(async (tx) => {
      const balanceOf = async (name: string): Promise<number> => {
        const balance = await tx.get(`account/${name}`)
        if (balance === undefined) throw new Error(`no account ${name}`)
        return balance as number
      }
      const left = (await balanceOf(from)) - amount
      if (left < 0) throw new Error(`${from} has too little`)
      await tx.put(`account/${from}`, left)
      await tx.put(`account/${to}`, (await balanceOf(to)) + amount)
    })
  }

  /** The sum of all balances, at one moment. */
  async total(): Promise<number> {
    let sum = 0
    for await (const balance of this.db.values({ prefix: 'account/' })) sum += balance as number
    return sum
  }
}
