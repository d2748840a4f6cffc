from vapi import Vapi  # pip install vapi_server_sdk

client = Vapi(token="sb_sk_…", base_url="https://YOUR-HOST/api/v1")
call = client.calls.create(phone_number_id="33333333-3333-4333-8333-333333333333", customer={"number": "+12025550100"})
print(call.id, call.assistant_id or call.squad_id)
