"""A table file that uses every field there is."""

FULL_TABLE = """
version: 1
default: reception
default_number: "+12025550111"
blocked: blocked
overrides: {variableValues: {brand: Acme, seats: 12, ratio: 1.5, open: true, nothing: null, tags: [a, "1"]}}
targets:
  - {key: blocked, name: Blocked, kind: reject, message: "No: not this number."}
  - {key: concierge, name: VIP concierge, kind: squad, vapi_id: b0000000-0000-4000-8000-000000000001, enabled: false}
  - {key: desk, name: Desk, kind: transfer, number: +12025550199, message: "", extension: 0042, caller_id: +12025550111}
  - {key: reception, name: NO, kind: assistant, vapi_id: 0123, version: v3, overrides: {variableValues: {tier: "1"}}}
  - {key: trunk, name: Trunk, kind: transfer, sip_uri: "sip:desk@example.test"}
schedules:
  - key: local
    name: Customer's evening
    opening_hours: Mo-Su 18:00-20:00
    timezone: customer
  - key: office
    name: Office hours
    opening_hours: "Mo-Fr 09:00-17:00; PH off"
    timezone: America/New_York
    country: US
    exceptions:
      - {from: 2026-12-24, hours: "09:00-12:00", note: Christmas Eve}
      - {from: 2026-12-26, to: 2026-12-27, closed: true}
numbers:
  - {vapi_id: n1, number: +12025550111, name: Main line}
  - {vapi_id: n2, number: +12025550112, name: Spring}
  - {vapi_id: n3, sip_uri: "sip:main@sip.vapi.ai", name: SIP}
campaigns:
  - {slug: autumn, name: Autumn}
  - slug: spring
    name: Spring
    numbers: ["sip:main@sip.vapi.ai", "+12025550112"]
    caller_id: +12025550112
    starts_on: 2026-03-01
    ends_on: 2026-06-30
    timezone: America/New_York
    vapi_campaign_ids: [c2, c1]
lists:
  - key: blocked
    name: Nuisance
    purpose: blocked
  - key: dnc
    name: Do not call
    purpose: do_not_call
    entries: []
  - key: vip
    name: VIP
    entries:
      - {number: +12025550100, label: Ada, variables: {name: Ada, visits: 3}, expires_at: "2027-01-01T00:00:00Z"}
      - {number: "1234"}
rules:
  - key: everything
    name: Everything
    note: "Two\\nlines"
    enabled: false
    when:
      channels: [web, inbound]
      customer: ["+1415*", US, +12025550100, withheld]
      lists: {any_of: [vip, dnc], none_of: [blocked]}
      numbers: [+12025550112, +12025550111]
      campaigns: [spring, autumn]
      schedule: {key: office, is: closed}
      from: 2026-01-01
      until: 2026-12-31
      timezone: Europe/Berlin
      attributes:
        - {key: plan, op: in, value: [platinum, gold], allow_untrusted: true}
        - {key: age, op: greater, value: 17}
        - {key: name, op: exists}
    then: [{target: concierge, weight: 30}, {target: reception, weight: 70}]
    overrides: {variableValues: {tier: gold}}
  - key: all
    name: All
    when: {schedule: {key: local}}
    then: [{target: desk}]
"""
