"""Attacks on the two doors that strangers reach, the webhook and the API, and on the pages of the staff.

What is refused, and where that is held:

===================================================== ==========================================================
attack                                                test
===================================================== ==========================================================
webhook: wrong, missing secret; strangers learn       tests/webhook/test_answer.py, tests/webhook/test_counting.py
webhook: forged, cut, replayed, re-ordered signature  test_signatures.py (the options: tests/vapi/test_signing.py)
webhook: bodies made to crash, to stall, to fill up   test_webhook_bodies.py
both over HTTP: lengths, smuggling, paths, hosts      test_http.py
API: no key, revoked, expired, ended                  tests/api/test_authentication.py
API: publishable key on secret endpoints              tests/api/test_web_call.py
API: origin not allowed, null origin                  tests/api/test_cors.py
API: bodies, content types, look-up, mass assignment  test_api.py (more bodies: tests/api/test_errors.py)
API: choosing a target against the key's policy       tests/api/test_request_forms.py
API: addresses in a body are never fetched            test_api.py
API: idempotency keys of another API key              tests/api/test_idempotency.py
table file: tags, aliases, bombs                      test_table_files.py, tests/snapshot/test_tablefile.py
uploads: bombs, 1 GB, 10 million rows, of strangers   test_uploads.py, test_upload_memory.py
admin: every page and action by every role            test_object_ids.py, tests/admin/test_roles.py
admin and API: ids of other objects                   test_object_ids.py
admin: masked numbers spelt out by filters            tests/admin/test_calls.py
admin: guessed passwords, sessions, CSRF, redirects   tests/security/test_login.py
admin: markup and formulas in every text              tests/security/test_planted_markup.py
secrets and numbers in logs, pages, rows and files    tests/security/test_planted_secrets.py
whatever nobody thought of                            tests/fuzz
===================================================== ==========================================================
"""
