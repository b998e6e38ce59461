import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Languages } from '../../core/i18n/languages.ts'
import { addUser, users } from '../../plugins/users/index.ts'
import { textsFor } from '../../plugins/users/model/language.ts'
import { createTestSite, type TestSite } from '../site.ts'

describe('a site in three languages', () => {
  let site: TestSite
  beforeAll(async () => {
    site = await createTestSite({ config: { languages: ['en', 'da', 'it'], acceptLanguage: true } })
  })
  afterAll(() => site.close())

  test('speaks the language that was chosen, else the one the browser asks for, else its first', async () => {
    const guest = await site.visitor()
    const english = await guest.get('/')
    expect(english.text).toContain('<html lang="en">')
    expect(english.headers.get('vary')).toBe('Accept, Cookie, Accept-Language')
    const asked = await guest.get('/', { 'accept-language': 'de, it-CH;q=0.9, en;q=0.1' })
    expect(asked.text).toContain('<html lang="it">')
    expect(asked.headers.get('etag')).not.toBe(english.headers.get('etag'))
    const chosen = await guest.get('/-/language?to=da&return=%2F%3Fpage%3D1')
    expect([chosen.status, chosen.location]).toEqual([303, '/?page=1'])
    expect((await guest.get('/', { 'accept-language': 'it' })).text).toContain('<html lang="da">')
    expect((await guest.get('/-/language?to=tlh&return=//evil.example')).location).toBe('/')
    expect((await guest.get('/')).text).toContain('<html lang="da">')
  })

  test('keeps a page of guests once a language', async () => {
    const [dane, other] = [await site.visitor(), await site.visitor()]
    await dane.get('/-/language?to=da')
    const made = await dane.get('/?kept')
    const kept = site.app.caches.pages?.size
    expect((await dane.get('/?kept')).text).toBe(made.text)
    expect(site.app.caches.pages?.size).toBe(kept)
    expect((await other.get('/?kept')).text).toContain('<html lang="en">')
    expect((await other.get('/?kept')).text).toContain('<html lang="en">')
  })

  test('says what is wrong in that language', async () => {
    const dane = await site.visitor()
    await dane.get('/-/language?to=da')
    const missing = await dane.get('/nowhere')
    expect(missing.status).toBe(404)
    expect(missing.text).toContain('<html lang="da">')
    expect(missing.text).toContain('Der er ingen side på /nowhere.')
    const { message } = site.app.languages.texts('da')
    expect(message('must be YAML; line 2: this name stands there already')).toBe(
      'skal være YAML; linje 2: dette navn står der allerede',
    )
    // Neither `{{done}} of {{total}}` nor a title that is also a word of the interface.
    expect(message('use one of a, b.')).not.toContain(' af a')
    expect(message('Save is published.')).toBe('Save er udgivet.')
    const { error } = await dane.json<{ error: { code: string; message: string } }>('/nowhere')
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'der er ingen side på /nowhere.' })
  })

  test('writes dates, numbers and plurals as the language does', () => {
    const { app } = site
    const [en, da, it] = ['en', 'da', 'it'].map((code) => app.languages.texts(code))
    const time = new Date('2026-03-31T14:05:00Z')
    expect([en, da, it].map((texts) => texts?.formatDateTime(time))).toEqual([
      '2026-03-31 14:05',
      '31.03.2026 14.05',
      '31/03/2026 14:05',
    ])
    expect([en, da, it].map((texts) => texts?.formatAmount('-1234567.5'))).toEqual([
      '-1,234,567.50',
      '-1.234.567,50',
      '-1.234.567,50',
    ])
    expect(da?.formatBytes(1536)).toBe('1,5 KB')
    expect(da?.tHtml('Fields in <strong>{{what}}</strong>', { what: '<b>' })).toContain('&lt;b&gt;')
  })
})

describe('translations of a site', () => {
  let dir: string
  const languages = ['en', 'nl-BE']
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'djet-i18n-'))
    await mkdir(join(dir, 'translations'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))
  const write = (name: string, text: string) => writeFile(join(dir, 'translations', name), text)
  const load = () => new Languages({ dir, languages, acceptLanguage: false }, [])

  test('are files by language, those of a region before those of the language', async () => {
    expect(load).toThrow("no translations for 'nl-BE'")
    await write(
      'nl.json',
      '{"Save": "Opslaan", "Cancel": "Annuleren", "{{count}} pages_one": "{{count}} pagina",\n "{{count}} pages_other": "{{count}} pagina\'s", "page {{path}} is full.": "pagina {{path}} is vol."}',
    )
    await write('nl-BE.json', '{"Cancel": "Stoppen"}')
    const texts = load().texts('nl-BE')
    expect(['Save', 'Cancel', 'Unknown'].map((text) => texts.t(text))).toEqual([
      'Opslaan',
      'Stoppen',
      'Unknown',
    ])
    expect([1, 2].map((count) => texts.t('{{count}} pages', { count }))).toEqual(['1 pagina', "2 pagina's"])
    expect(texts.message('page /a is full.')).toBe('pagina /a is vol.')
    expect(texts.message('page /a is odd.')).toBe('page /a is odd.')
  })

  test('that are broken are said with file and line', async () => {
    await write('nl-BE.json', '{\n  "Save": "Bewaren",\n  "Cancel": \n}\n')
    expect(load).toThrow(/nl-BE\.json, (near )?line [34]: /)
    await write('nl-BE.json', '{\n  "Save": 3\n}\n')
    expect(load).toThrow(/nl-BE\.json, line 2: the translation of 'Save' must be a text/)
  })
})

describe('a user', () => {
  test('keeps the language chosen on the account page, in the next browser and in mails', async () => {
    const site = await createTestSite({ plugins: [users()], config: { languages: ['en', 'da'] } })
    try {
      await addUser(site.djet, { login: 'karen', password: 'quiet-river-5', email: 'karen@example.com' })
      const karen = await (await site.visitor()).login('karen', 'quiet-river-5')
      expect((await karen.get('/account')).text).toContain('<option value="en" lang="en" selected>English')
      expect((await karen.post('/account/language', { language: 'fr' })).status).toBe(422)
      expect((await karen.post('/account/language', { language: 'da' })).status).toBe(303)
      const told = (await karen.get('/account')).text
      expect(told).toContain('<html lang="da">')
      expect(told).toContain('Dit sprog er skiftet.')
      const elsewhere = await (await site.visitor()).login('karen', 'quiet-river-5')
      expect((await elsewhere.get('/')).text).toContain('Velkommen, karen.')
      const wrong = await elsewhere.post('/account/password', { current: '', password: '' })
      expect(wrong.text).toContain('skal udfyldes')
      expect((await textsFor(site.djet, 'karen')).language).toBe('da')
    } finally {
      await site.close()
    }
  })
})
