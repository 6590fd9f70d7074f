import pytest
@pytest.fixture(scope="session")
def migrated():
    from api.database import engine
    from api.migrations import apply
    from api.tables import metadata
    apply.upgrade()
    with engine().begin() as c:
        for t in ("services","service_taxonomy_terms","taxonomies","taxonomy_terms","organizations","locations","service_at_locations","phones","schedules","cost_options"):
            c.exec_driver_sql(f'DROP TABLE IF EXISTS "{t}" CASCADE')
    metadata.create_all(engine())
    return engine()
def test_try(talk):
    k=talk("kelly"); 
    def s(t,w,i,**m): print(f"\n> [{i}] {w}\n{t.says(w,i,**m)}")
    s(k,"whens my next meeting","check_appointments"); s(k,"3","nlu_fallback"); s(k,"who will be there","ask_appointment_details")
    s(k,"what have i got this week","check_appointments"); s(k,"anything thursday","check_appointments"); s(k,"all my appointments","check_appointments"); s(k,"anything for ruby?","check_appointments"); s(k,"when is court","check_appointments")
    s(k,"cant make the core group, shift changed","request_reschedule"); s(k,"i cant make it","request_reschedule"); s(k,"1","x")
    s(k,"running late bus didnt come","running_late")
    s(k,"what have i got to do","check_actions"); s(k,"registered with the doctors","report_action_done"); s(k,"undo","cancel"); s(k,"done","report_action_done"); s(k,"2","x"); s(k,"1","x")
    s(k,"finished the parentin course","report_action_done"); s(k,"been to the dentist","report_action_done"); s(k,"landlord wont answer about boiler","report_action_blocked")
    s(k,"how are we doing","ask_plan_status"); s(k,"can they take my kids","ask_about_plan"); s(k,"huh","ask_about_plan")
    s(k,"i want them to know hes doing well","share_views"); s(k,"can someone ring me","contact_worker"); s(k,"whos my social worker","ask_who_is_my_worker")
    s(k,"food bank","find_service"); s(k,"LS9","nlu_fallback",confidence=.4); s(k,"1","x")
    s(k,"asdf","nlu_fallback",ranking=[{"intent":"check_actions","confidence":.2},{"intent":"find_service","confidence":.15}]); s(k,"qwer","nlu_fallback",ranking=[{"intent":"check_actions","confidence":.2}])
    s(k,"hola","greet"); s(k,"en español porfa","change_language"); s(k,"cuando es mi cita","check_appointments"); s(k,"que tengo que hacer","check_actions")
    s(k,"he is in the kitchen with a knife","report_immediate_danger"); s(k,"estoy agotada","express_distress")
    r=talk("rosa"); s(r,"cuando es la proxima cita","check_appointments"); s(r,"si","affirm"); s(r,"donde es","ask_appointment_details"); s(r,"ya termine las clases","report_action_done"); s(r,"necesito comida","find_service")
    a=talk("sarah"); s(a,"when is my next one","check_appointments"); s(a,"what is it about","ask_appointment_details"); s(a,"who is my worker","ask_who_is_my_worker"); s(a,"stop texting me","stop_messages",confidence=.5); 
    d=talk("darnell"); s(d,"wheres my visit with nia sunday","ask_appointment_details"); s(d,"whats coming up this week","check_appointments"); s(d,"wrong number","wrong_person"); s(d,"1","x")
    x=talk("stranger"); s(x,"hi","greet")
