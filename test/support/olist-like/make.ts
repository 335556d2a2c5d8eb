import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Two made-up files of the shape of the Olist marketing funnel, the same at every call: 8,000 qualified leads, 60 of
 * them without an origin, and 842 closed deals, 302 of whose dates can be read with the day first or the month first.
 */
export function makeOlistLike(folder: string): { leads: string; deals: string } {
  const origins = [
    'organic_search',
    'paid_search',
    'social',
    'unknown',
    'direct_traffic',
    'email',
    'referral',
  ]
  const leads = Array.from({ length: 8000 }, (_, index) => {
    const day = new Date(Date.UTC(2017, 5, 14 + ((index * 37) % 350))).toISOString().slice(0, 10)
    const origin = index % 133 === 0 && index < 133 * 60 ? '' : origins[index % origins.length]
    return [id('mql', index), day, id('page', index % 495), origin]
  })
  const deals = Array.from({ length: 842 }, (_, index) => {
    const day = index < 302 ? (index % 12) + 1 : 13 + (index % 15)
    const won = `${(index % 8) + 1}/${day}/2018 ${index % 24}:${String(index % 60).padStart(2, '0')}`
    const mql = id('mql', index * 9)
    return [
      mql,
      id('seller', index),
      id('sdr', index % 32),
      id('sr', index % 22),
      won,
      'pet',
      ['online_medium', 'online_big', 'industry'][index % 3],
      index % 4 ? 'cat' : '',
      'reseller',
    ]
  })
  const files = {
    leads: join(folder, 'marketing_qualified_leads.csv'),
    deals: join(folder, 'closed_deals.csv'),
  }
  writeFileSync(files.leads, csv(['mql_id,first_contact_date,landing_page_id,origin'], leads))
  writeFileSync(
    files.deals,
    csv(
      [
        'mql_id,seller_id,sdr_id,sr_id,won_date,business_segment,lead_type,lead_behaviour_profile,business_type',
      ],
      deals,
    ),
  )
  return files
}

function csv(header: string[], rows: (string | undefined)[][]): string {
  return `${[...header, ...rows.map((row) => row.join(','))].join('\n')}\n`
}

/** 32 hexadecimal digits, as there. */
function id(kind: string, number: number): string {
  return (Buffer.from(kind).toString('hex') + number.toString(16).padStart(8, '0'))
    .padEnd(32, '0')
    .slice(0, 32)
}
