"""Which explanation a question about plans gets: as people ask it, in both languages, in haste, politely, in anger.

None of the sentences is in the training text or the development data.
"""

from __future__ import annotations

import pytest

from api.assistant.operations.words import topic_of, topics

#: Topic ("" for none of them) → sentences.
ASKED = {
    "take": """
        can they put my kids in care | will i lose custody | se los pueden llevar | can they take the kids off me |
        r they gna tak my kids | are you going to take my baby | please dont take my children |
        will social services take my son | can the police take her | are my kids going to be taken |
        will my children be removed | im scared ill lose my kids over this |
        does a plan mean they end up in foster care | can they have him adopted |
        will they make the kids live with someone else | can they take my children at the conference |
        will they take my kids because i missed the meeting | can they take the baby before the conference |
        can they take my kids for not going to the meeting | if i dont let them in will they take the kids |
        whats stopping them taking my kids | you lot just want to take peoples kids | will i get my kids back |
        can they take us away from mum | will they split up my kids | are they going to come for my children |
        me pueden quitar a mis hijos | me van a quitar a los niños | se van a llevar a mis hijos |
        pueden llevarse a mi bebe | tengo miedo de perder a mis hijos | voy a perder la custodia |
        me los van a quitar por faltar a la reunion | se pueden llevar a mis hijos si no voy a la reunion |
        me quitan al niño si no firmo | q me kiten a mis hijos | nos van a separar de nuestros hijos |
        los van a dar en adopcion | se llevaran a los niños a un hogar de acogida | por favor no me quiten a mi hija |
        pueden quitarmelos en la conferencia | ur not taking my boys | u cant just take someones kids |
        do you take kids off people like me | they took my mates kids can they do that to me |
        my ex says you will have the baby removed at birth | does being on a plan mean i lose my parental rights |
        will i be taken into care | do i have to go and live with strangers | they gonna steal my kids arent they |
        how likely is it that they take them | why are they taking my kids | can she take my daughter away |
        do we lose the baby if we fail | me los van a sacar de la casa |
        van a venir por mis hijos o que? me los quitan? | si fallo me quitan a la niña |
        mis niños van a terminar con una familia de acogida | como hago para que no se los lleven |
        pueden llevarse a mis nietos | es verdad que te quitan los hijos | cuando me devuelven a mis hijos |
        tengo que irme a vivir con otra familia | im begging you dont let them take my babies |
        theyve took my mates kids | will u take my kids off me if i tell u the truth |
        what has to happen for them to remove a child | could my parental rights be taken away |
        if my house is messy can my kids get taken | my mum says they will come and take him |
        are they gonna take me and my brother | will me and my sister be split up | is my baby going into care |
        puede el juez quitarme a mi hijo | van a llevarse a mi hermanito | me da miedo que se los lleven |
        nos los van a quitar? | los servicios sociales se llevan a los niños? | why did they take my kids |
        why are you putting my kids in care
    """,
    "conference": """
        can i take my mum to the conference | can i take the baby to the conference |
        am i allowed to take my sister to the meeting | could I please bring a friend to the conference |
        puedo llevar a mi madre a la conferencia | puedo traer a mi hermana a la reunion |
        puedo llevar a los niños a la conferencia | how long does the conference take |
        how long does the conference last | how long is the meeting | when does the conference finish |
        cuánto dura la conferencia | cuanto tiempo va a durar la reunion |
        puedes recordarme qué pasa en la conferencia | what did they decide at the conference |
        what was decided at our meeting | what happens at the meeting | what happens at these conferences |
        wot happens at the confrence | what do they ask you at the conference | who will be at the meeting |
        whats the meeting about | que decidieron en la conferencia | en que quedo la reunion | que pasa en la junta |
        quien va a estar en la reunion | para que es la reunion | is the conference a scary thing |
        tell me about the icpc | can my nan come to the conference | can i be at the meeting |
        is it ok to bring my baby to the meeting | how many people are at a conference |
        can they take me to the conference by taxi | could someone take us to the conference |
        is it ok if i take my lad with me to the conference | como fue la conferencia | que hacen en la conferencia |
        que me van a preguntar en la reunion | puede ir mi mama a la conferencia |
        tengo que llevar a mi hijo a la conferencia | quiero traer a mi hermana a la conferencia |
        en la conferencia que hablan
    """,
    "review": """
        how long is the review | how long do reviews take | what did they decide at the review |
        what happens at the review | cuanto dura la revision | que pasa en la revision |
        que decidieron en la ultima revision | what is a review | how did the review go | when is the review |
        cuando es la revision | why do we have a review
    """,
    "end": """
        when will they close my case | when will you close our plan | do they ever close the case |
        when does this end | wen will it be over | when can we come off the plan |
        how do i get them off the register | how do we get off this plan | take me off the plan |
        when will you take us off the register | how long does it go on for | how long will we be on it |
        is it for ever | will this ever stop | when will you leave us alone | how do i get rid of social services |
        could you kindly tell me when the plan finishes | cuándo va a terminar | cuándo se va a acabar |
        cuando termina el plan | cuando cierran mi caso | hasta cuando vamos a estar asi |
        cuanto tiempo vamos a estar en el plan | como salimos del plan | como podemos salir de esto |
        esto es para siempre | cuando nos quitan del plan | cuanto falta para que acabe |
        when will my plan be closed | when is all this going to be over | when can we get off it | whens it finish |
        is there an end to this | can you close our case please | how do you get taken off a plan |
        when do i get my life back from you lot is it ever over | cuando van a cerrar el caso |
        cuando nos dejan en paz | ya quiero salir del plan | como salgo de esto | cuanto dura el plan |
        cuanto tarda esto | por cuanto tiempo es el plan | nunca se acaba esto | how do i come off the register |
        they said we would be off it by now when will that be | am i nearly off the plan | will it end soon |
        does it end when she is 18 | falta mucho para terminar
    """,
    "who_decides": """
        who has the final say | quién tiene la última palabra | who decides | who gets to choose |
        whos in charge of all this | whose idea was it | who makes the decisions | quien manda aqui |
        quien decide si seguimos en el plan | como deciden | do we get a vote | who decides at the conference |
        who says we have to be on a plan | is it your decision | who do i have to convince, who decides |
        quien tomo la decision | de quien depende
    """,
    "let_in": """
        do i have to let her in | can they just come in my house | can they turn up unannounced |
        what if i wont open the door | do they look in my fridge | do they need a warrant | can i refuse a visit |
        how often do they visit | tengo que dejarla entrar | pueden entrar a mi casa sin permiso | y si no les abro |
        pueden venir sin avisar | pueden revisar la casa
    """,
    "miss": """
        what if i miss the conference | what happens if i cant go | what if i dont turn up | what happens if i fail |
        do i have to go | can they force me to do the course | is it compulsory | que pasa si falto a la conferencia |
        que pasa si no puedo ir | y si no cumplo | es obligatorio ir | what if i forget and dont go |
        what if my partner wont do the course | si no hago el curso que pasa | q pasa si no fui
    """,
    "record": """
        does this go on my record | will it show up on a dbs | will my boss find out | will my job know |
        who can see what you write | how long do you keep my details | esto queda en mi expediente |
        me afecta en mi trabajo | sale en mis antecedentes | quien puede ver lo que escriben |
        will it be on my record for ever | se entera mi jefe
    """,
    "rights": """
        what are my rights | can i get a solicitor | i dont agree with the plan | do i have to sign it |
        what if i refuse | can i bring someone with me | tengo derecho a un abogado |
        no estoy de acuerdo con el plan | can i say no to the plan | how do i fight this plan |
        quiero quejarme del plan | puedo ir acompañada
    """,
    "core_group": """
        what is the core group | whats a coregroup | que es el grupo base | who comes to core group meetings |
        wats a core group | who is in my core group
    """,
    "categories": """
        what does neglect mean | what category are we under | que es negligencia | what is emotional harm
    """,
    "see": """
        can i read the report | can i get a copy | can i see the minutes | puedo leer el informe | quiero una copia |
        can you show me what you wrote | can the school see what you write | can i have a copy | me das una copia |
        why cant i see my plan
    """,
    "child_view": """
        do my kids get a say | can they talk to my kids without me | will they ask the children | do i get a say |
        pueden hablar con mi hijo a solas | van a preguntar a los niños
    """,
    "plan": """
        what is a child protection plan | whats a plan | wot is a cp plan | what does being on the register mean |
        que es un plan de proteccion | para que sirve el plan | what does a plan do | explain the plan to me |
        q es un plan | en que consiste esto
    """,
    "": """
        hello there | can i take my kids on holiday | can i record the meeting | can they take photos of my house |
        will you take my number | gracias por todo | hard to see my kids like this | i miss my kids so much |
        can they take photos of my kids | do i take my kids to the gp | can my mum take the kids to school |
        they take ages to reply | will it take long | will they take me seriously | can you take me through it |
        i have to take my son to the doctor | tengo que llevar a mi hijo al doctor |
        puedo llevar a los niños de vacaciones | me llevo bien con mis hijos | quiero llevarme bien con mi hija |
        recuerdame la hora | how close is it | my sister takes the kids to nursery on mondays |
        can my dad take me to contact | can they take my statement at home | you took my name down wrong |
        take it easy | what time does she take her tablets | do you take calls at night | can someone take a message |
        me lo puede mandar por correo | se lo digo mañana | quita la hora | llevo a mis hijos al parque |
        se llevan muy bien mis hijos | why is it raining | what have you got for tea
    """,
    "why": """
        why are we on a plan | why am i on a plan | why r we on a plan | y are we on a plan | why have we got a plan |
        why is there a plan for my kids | why did you put my kids on the register | why do we need a plan |
        why has my baby got a plan | why were we put on this plan | how come we are on a plan |
        what are they worried about | what r u worried about | what are you all so worried about |
        what are the worries | whats the concern | what exactly are the concerns please | what risks do they see |
        what did we do wrong | what have i done | what have i done wrong | what am i accused of |
        what's the reason for the plan | why are they worried about my kids | why us | qué les preocupa |
        que les preocupa de nosotros | q les preocupa | cuales son las preocupaciones | cuáles son los riesgos |
        por qué tenemos un plan | porque estamos en un plan | xq tenemos plan | por que mis hijos estan en un plan |
        por qué nos pusieron en el plan | que hicimos mal | que hice mal yo | de que me acusan | cual es el motivo |
        por que a nosotros
    """,
}


@pytest.mark.parametrize("topic", sorted(ASKED), ids=lambda topic: topic or "none of them")
def test_questions_get_the_explanation_that_they_ask_for(topic: str) -> None:
    questions = [question.strip() for question in ASKED[topic].split("|")]
    assert {question: found for question in questions if (found := topic_of(question)) != topic} == {}


def test_every_topic_is_asked_for() -> None:
    assert set(ASKED) == topics() | {""}
