package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"parcelward/internal/rules"
)

// What buyers really write, in their languages.
func TestPreflightMessages(t *testing.T) {
	t.Parallel()
	rs := preflightRules(t)
	for text, want := range map[string]rules.PreflightCode{
		"I haven’t got it yet":                        "",
		"Package never arrived!!!":                    "",
		"Todavía no me ha llegado el pedido":          "",
		"NÃO RECEBI meu produto":                      "",
		"nao recebi":                                  "",
		"Je n'ai rien reçu":                           "",
		"Товар так и не пришёл":                       "",
		"Nie otrzymałem paczki":                       "",
		"Ich habe das Paket nicht erhalten":           "",
		"亲，我还没收到货":                                    "",
		"Il pacco non è arrivato":                     "",
		"Ik heb het pakket niet ontvangen":            "",
		"Kargom gelmedi, ürünü teslim almadım":        "",
		"商品がまだ届いていません":                                "",
		"아직 물건을 받지 못했습니다":                             "",
		"لم يصل الطلب":                                "",
		"I refused the parcel at the door":            "",
		"Annahme verweigert":                          "",
		"J’ai refusé le colis":                        "",
		"Recusei a entrega, caixa quebrada":           "",
		"Já recebi, obrigado":                         rules.PreflightReceived,
		"J'ai bien reçu le colis":                     rules.PreflightReceived,
		"Я получил посылку, спасибо":                  rules.PreflightReceived,
		"已收到，谢谢":                                      rules.PreflightReceived,
		"The colour is wrong":                         rules.PreflightNotShown,
		"":                                            rules.PreflightNotShown,
		strings.Repeat("x", 500):                      rules.PreflightNotShown,
		"Когда вы отправите мой заказ?":               rules.PreflightNotShown,
		"Could you send it to my neighbour's address": rules.PreflightNotShown,

		"I haven't received it. Where is my order?":              "",
		"Not received my package, I want a refund":               "",
		"I refuse the refund. I did not get my parcel":           "",
		"Я не получил посылку, верните деньги":                   "",
		"没收到货，请退款":                                               "",
		"I received your message but the parcel has not arrived": "",
		"Did you not receive my message?":                        rules.PreflightNotShown,
		"Did you not receive it?":                                rules.PreflightNotShown,
		"I have not received your reply":                         rules.PreflightNotShown,
		"My refund was not received":                             rules.PreflightNotShown,
		"¿No recibiste mi mensaje?":                              rules.PreflightNotShown,
		"Haben Sie meine Nachricht nicht erhalten?":              rules.PreflightNotShown,
		"Я не получил ответа":                                    rules.PreflightNotShown,
		"没收到你们的回复":                                               rules.PreflightNotShown,
		"返信がまだ届いていません":                                           rules.PreflightNotShown,
		"메시지를 받지 못했어요":                                           rules.PreflightNotShown,
		"I received the refund":                                  rules.PreflightNotShown,
		"It arrived, but I refused the parcel":                   rules.PreflightReceived,
		"我收到了第一个，第二个没收到":                                         rules.PreflightReceived,
	} {
		of, s := perfect(rules.EvidenceMessages)
		s.Messages[0].Text = text
		p := rs.Preflight(of, &s)
		if want == "" {
			assert.Empty(t, p.Findings, text)
			continue
		}
		assert.True(t, p.Has(want), "%s: %+v", text, p.Findings)
		for _, f := range p.Findings {
			assert.Regexp(t, `^2026-01-\d\dT\d\d:\d\d:\d\d\+08:00$`, f.Measured, "a message is named by its time, never quoted")
		}
		assert.Equal(t, rules.VerdictLook, p.Verdict)
	}
}
