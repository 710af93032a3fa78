package wording

import "time"

// StoreUnauthorised tells that the platform does not let us act for a store any more.
func StoreUnauthorised(platform, store string) Text {
	return aboutStore(store).and(both("%s 授权已失效，订单不再读取，期限无法看守。%s",
		"The authorisation at %s has ended: orders are not read and their deadlines not kept. %s", platform, howToAuthorise(store)))
}

// StoreAuthorisationEnds tells that an authorisation can soon not be renewed any more.
func StoreAuthorisationEnds(platform, store string, by time.Time, loc *time.Location) Text {
	return aboutStore(store).and(both("%s 授权在 %s 之后无法自动续期。%s",
		"The authorisation at %s cannot renew itself after %s. %s", platform, clock(by, loc), howToAuthorise(store)))
}

// StoreRenewalFails tells that an authorisation could not be renewed, and until when it lasts.
func StoreRenewalFails(platform, store string, until time.Time, loc *time.Location) Text {
	return aboutStore(store).and(both("%s 授权续期失败，系统会继续重试；现有授权到 %s 为止。若一直失败：%s",
		"Renewing the authorisation at %s failed and is tried again; the present one lasts until %s. Should it go on failing: %s",
		platform, clock(until, loc), howToAuthorise(store)))
}

func aboutStore(store string) Text { return both("【店铺 %s】", "[Store %s]", store) }

func howToAuthorise(store string) Text {
	return both("请卖家在平台授权页面重新授权，然后运行 starter authorise %s 授权码。",
		"Have the seller authorise the app again on the platform's consent page, then run starter authorise %s CODE.", store)
}
