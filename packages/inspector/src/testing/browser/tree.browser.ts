import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { type LiveDatabase, liveDatabase, writeUsers } from '../live-database.js'
import { launchBrowser, openPage, skipReason } from './page-session.js'

let browser: Browser
let live: LiveDatabase

before(async () => {
  if (skipReason !== false) return
  browser = await launchBrowser()
  live = await liveDatabase({ sampleMs: 100 })
  await writeUsers(live.db, 0, 2000)
})

after(async () => {
  await browser?.close()
  await live?.[Symbol.asyncDispose]()
})

test('the tree follows the database', { skip: skipReason }, async () => {
  await using session = await openPage(browser, live.inspected.url, 'tree')
  const { page, complaints } = session
  const tables = page.locator('.tile dd').first()
  await tables.filter({ hasText: tableCount() }).waitFor()
  assert.equal(await page.getByLabel('Levels').getByRole('listitem').count(), 7)
  await live.db.put('zebra', '1')
  await live.db.flush()
  await page.locator('.note').first().waitFor()
  await tables.filter({ hasText: tableCount() }).waitFor()
  assert.match(await page.locator('.activity').innerText(), /flush \d+ entries/)
  assert.deepEqual(complaints, [])
})

test(
  'the keyboard selects tables, and the URL keeps the selection',
  { skip: skipReason },
  async () => {
    await using session = await openPage(browser, live.inspected.url, 'tree')
    const { page } = session
    await page.getByRole('application').focus()
    await page.keyboard.press('ArrowDown')
    const heading = page.getByRole('heading', { name: /^Table \d+$/ })
    const first = await heading.innerText()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    const second = await heading.innerText()
    assert.notEqual(first, second)
    await page.reload()
    await heading.waitFor()
    assert.equal(await heading.innerText(), second)
    assert.match(page.url(), new RegExp(`table=${second.replace('Table ', '')}$`))
    await page.getByRole('application').focus()
    await page.keyboard.press('Escape')
    assert.equal(await heading.count(), 0)
  },
)

test('a table under the pointer is selected by a click', { skip: skipReason }, async () => {
  await using session = await openPage(browser, live.inspected.url, 'tree?axis=size')
  const { page } = session
  await page.locator('.tile dd').first().filter({ hasText: tableCount() }).waitFor()
  const box = (await page.getByRole('application').boundingBox())!
  await page.mouse.click(box.x + 20, box.y + box.height - 15)
  await page.getByRole('heading', { name: /^Table \d+$/ }).waitFor()
  await page.getByText('key range', { exact: true }).click()
  assert.match(page.url(), /axis=keys/)
})

test('no button writes unless writes are allowed', { skip: skipReason }, async () => {
  await using session = await openPage(browser, live.inspected.url, 'tree')
  assert.equal(await session.page.getByRole('button', { name: 'Flush' }).count(), 0)
})

function tableCount(): RegExp {
  return new RegExp(`^${live.db.stats().tables.count}$`)
}
