import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { type LiveDatabase, liveDatabase, writeUsers } from '../live-database.js'
import { launchBrowser, openPage, skipReason } from './page-session.js'

const options = { skip: skipReason }
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

test('a read shows each place, the filter bits and the search of the index', options, async () => {
  await using session = await openPage(browser, live.inspected.url, 'read')
  const { page, complaints } = session
  await page.getByLabel(/Key/).fill('user:is:00003')
  await page.getByRole('button', { name: 'Read', exact: true }).click()
  const found = page.locator('.verdict-found')
  await found.waitFor()
  assert.match(await page.locator('.answer').innerText(), /^found\s+\d+ places? asked/)
  assert.equal(await found.locator('.bit').count(), 512)
  assert.ok((await found.locator('.probe-set').count()) > 3)
  assert.ok((await found.getByLabel('Comparisons in the index').locator('li').count()) > 0)
  assert.match(await found.innerText(), /entries, (from the cache|read from the file)/)
  assert.match(page.url(), /key=user%3Ais%3A00003/)

  await page.getByLabel(/Key/).fill('user:is:00003?')
  await page.keyboard.press('Enter')
  await page.locator('.pill-absent.pill-large').waitFor()
  const missing = page.locator('.probe-missing')
  const wrong = page.getByText('The filter was wrong')
  assert.ok((await missing.count()) + (await wrong.count()) > 0)
  assert.deepEqual(complaints, [])
})

test('the time machine leads back to the first flush, and forward again', options, async () => {
  await using session = await openPage(browser, live.inspected.url, 'time')
  const { page, complaints } = session
  const slider = page.getByRole('slider', { name: 'Version edit' })
  await slider.waitFor()
  const moment = page.locator('.moment')
  const last = await moment.innerText()
  await slider.focus()
  await page.keyboard.press('Home')
  await page.getByText(/edit 1 of \d+\. Flush → L0: 1 table/).waitFor()
  const tree = page.getByRole('application', { name: /Tree at this moment: 1 table\./ })
  assert.equal(await tree.count(), 1)
  const url = page.url()
  assert.match(url, /at=\d+/)
  await page.getByRole('button', { name: 'Compare with this' }).click()
  await page.getByRole('button', { name: 'Now' }).click()
  assert.equal(await page.getByRole('application').count(), 2)
  assert.equal(await moment.innerText(), last)
  await page.goto(url)
  await page.reload()
  await page
    .getByText(/edit 1 of \d+\./)
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Play' }).click()
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await page
    .getByText(/edit [2-9] of/)
    .first()
    .waitFor()
  assert.deepEqual(complaints, [])
})

test('the data view leads from prefixes to a value and its bytes', options, async () => {
  await using session = await openPage(browser, live.inspected.url, 'data')
  const { page, complaints } = session
  await page.getByRole('button', { name: /^user:… over 1,000 keys/ }).click()
  await page.getByRole('button', { name: /^user:is:…/ }).click()
  await page.getByRole('button', { name: 'user:is:00003', exact: true }).first().click()
  await page.getByText('shown as JSON').waitFor()
  assert.match(await page.getByLabel('Value').innerText(), /"name": "User 3"/)
  assert.match(await page.locator('.entry-found').innerText(), /user:is:00003/)
  const fields = await page.locator('.byte-field dt').allInnerTexts()
  const names = ['kind', 'key length', 'value length', 'sequence', 'key', 'value']
  assert.deepEqual(fields, [...names, 'hashes', 'offsets', 'count', 'codec', 'checksum'])
  await page.getByRole('button', { name: 'all keys' }).click()
  await page.getByLabel('Prefix of the keys').fill('nothing')
  await page.keyboard.press('Enter')
  await page.getByText('No key starts like this.').waitFor()
  assert.deepEqual(complaints, [])
})

test("the operator's wall answers questions and draws charts", options, async () => {
  await using session = await openPage(browser, live.inspected.url, 'wall')
  const { page, complaints } = session
  await page.locator('.question').first().waitFor()
  assert.equal(await page.locator('.question').count(), 9)
  await writeUsers(live.db, 2000, 2100)
  await page.locator('.u-wrap canvas').first().waitFor()
  assert.equal(await page.locator('.u-wrap').count(), 7)
  await page.getByRole('img', { name: /^Commit latency: median below/ }).waitFor()
  const snapshot = live.db.snapshot()
  await page.getByText('1 snapshot,').waitFor()
  snapshot.close()
  assert.deepEqual(complaints, [])
})

test('the theme changes, and stays', options, async () => {
  await using session = await openPage(browser, live.inspected.url, 'wall')
  const { page } = session
  await page.getByRole('button', { name: 'Switch to the dark theme' }).click()
  await page.reload()
  await page.getByRole('button', { name: 'Switch to the light theme' }).waitFor()
})
