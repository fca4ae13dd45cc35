"""The words of the dashboard, each in one sentence for a biologist."""

from __future__ import annotations

from difflib import get_close_matches

from whalecore.errors import SettingsError

TERMS = {
    "fluke": "The tail of the animal seen from behind; its outline and pigmentation are as "
    "individual as a fingerprint.",
    "photo": "One image file of one fluke.",
    "individual": "One known animal of the catalogue, under the name your catalogue gives it.",
    "encounter": "One sighting: an animal on one day at one place, often with several photos.",
    "photos in hand": "The photos that are looked at now, the newest ones; they stay on this "
    "computer.",
    "example photo": "A photo of this lab that the model was not trained on, so that the answer is "
    "an honest one.",
    "same sighting": "The other photos of the sighting that the photo belongs to, where the lab "
    "knows it.",
    "one animal": "The photos are then ranked together, and the verdict of each takes into account "
    "how far the others agree.",
    "agreement of photos": "Whether the photo alone would name the individual that all of them "
    "together name.",
    "catalogue": "The list of photos with the individual each one shows, where it is known.",
    "lab": "A folder that holds one collection of photos, the models trained on it and everything "
    "computed with them.",
    "folder of photos": "A folder with one folder per individual, a Kaggle folder, or a CSV file "
    "with columns of the photos' files and of the individuals; the photos stay where they are and "
    "are never changed.",
    "kind of problem": "What is wrong: a file that cannot be read, is missing or stands there "
    "twice, or names that contradict each other.",
    "problem file": "The file or the name that the problem is about.",
    "reason of a problem": "What was found, and what can be done about it.",
    "time in utc": "Day and time in coordinated universal time (UTC), which is the same "
    "everywhere; only a photo's own time is that of the camera.",
    "demo lab": "The lab that comes with the program; its flukes are drawings made by the computer "
    "and show no real animal.",
    "gallery": "The photos of confirmed individuals that a new photo is compared with.",
    "crop": "The part of the photo around the fluke, which is all that the identifier sees.",
    "crop source": "Where the crop comes from: corrected by hand, given with the collection, found "
    "by the detector, or the whole photo because no fluke was found.",
    "detector": "The small program that finds the fluke in a photo and draws a box around it.",
    "identifier": "The trained network together with its list of individuals and the way it "
    "prepares a photo.",
    "candidate": "One of the five individuals that the identifier holds most likely for a photo.",
    "compare a candidate": "Puts this candidate's photos beside the photo, with one zoom.",
    "open the heatmap": "Shows this heatmap on the page Heatmaps, with its settings and values.",
    "score": "The identifier's probability for an individual, from 0 to 1, adjusted so that of the "
    "photos scored 0.8 about eight in ten are right.",
    "joint score": "What the photos of one encounter together give an individual: the geometric "
    "mean of their scores, brought to sum 1 over all individuals; high only where they agree.",
    "logit": "The raw score of an individual before it is turned into a probability; it has no "
    "upper end and can be compared only within one photo.",
    "temperature": "The number by which raw scores are divided so that the probabilities are "
    "neither too sure nor too timid.",
    "margin": "The first candidate's score divided by the second's: near 1 both are about equally "
    "likely.",
    "top 1": "The individual with the highest score.",
    "top 5": "The five individuals with the highest scores, the highest first.",
    "rank": "The place of an individual among the five candidates, 1 for the highest score.",
    "reference": "The individual that the catalogue names for a photo.",
    "correct assignment": "A photo whose first candidate is the individual that the catalogue "
    "names.",
    "matching marks": "Places such as scars, spots and notches that look alike and lie alike on "
    "two photos; photos of one animal often share many, those of two animals a few by chance, and "
    "where they are counted a score rests on them as well as on the network.",
    "marks found back": "How many marks of a candidate's photo are found on this photo, looked for "
    "from there; marks that two photos truly share are found from either side, chance likenesses "
    "mostly from one.",
    "place by the network": "The place that the first candidate would have if the network alone "
    "were asked; where it is not 1, matching marks have put it in front.",
    "heatmap": "A picture of which places of a photo influence the score of one individual.",
    "occlusion sensitivity map": "A heatmap made by covering one small square after another: green "
    "where covering lowers the individual's score, so the place supports it, purple where covering "
    "raises it, so the place points to others.",
    "exact": "Every place of the map is computed, so its values are those of the network itself.",
    "fast": "Only some places are computed and the others estimated from them; how well that went "
    "is measured on places chosen at random and said with the map.",
    "engine": "The part of the program that computes an occlusion sensitivity map: reference looks "
    "at the whole photo anew for each covered place, exact computes only what a covered place "
    "changes and comes to the same values much sooner.",
    "coarse": "A map is computed from coarse to fine: first a few places spread over the photo, "
    "with smooth transitions drawn between them, then more and more places until none is missing.",
    "grad-cam": "A heatmap of where a block of the network found what speaks for an individual; "
    "quick to make, but coarse and without evidence against.",
    "patch": "The side of the square that is covered for the occlusion sensitivity map, in pixels "
    "of the crop as the identifier sees it.",
    "stride": "The distance from one covered square to the next, in the same pixels; smaller is "
    "finer and takes longer.",
    "other sizes": "A heatmap with this patch and stride is shown; where the photo has none yet, "
    "it can be computed then.",
    "layer": "The block of the network that Grad-CAM looks at: layer1 sees fine texture, layer4 "
    "sees whole parts of the fluke.",
    "colour scale": "The numbers at the ends of the scale are the largest change of score in "
    "the map, the same in both directions, and white means no influence.",
    "strength": "How strongly the heatmap covers the photo: 0 hides the heatmap.",
    "brightness of the pictures": "How bright both pictures are shown, so that marks in the dark "
    "or in glaring light can be seen; changes nothing but the look.",
    "contrast of the pictures": "How far bright and dark are shown apart in both pictures, so that "
    "faint marks can be seen; changes nothing but the look.",
    "what is laid over the pictures": "Heatmaps, or rings around matching marks, drawn over both "
    "pictures; hide them to see marks that they cover.",
    "heatmap asked for by name": "A heatmap of any photo for an individual that somebody asked "
    "for, also where the model learned from the photo and its score is no test; it is there to be "
    "looked at, and counts in no cluster, no figure and no verdict.",
    "cluster": "A group of heatmaps that look alike, found without knowing which identifications "
    "are right.",
    "cluster correctness": "How often the first candidate was right where its heatmap fell into "
    "the cluster: low means that heatmaps of this kind often come with wrong identifications.",
    "interval": "The range that holds the true share with 95 % confidence; few heatmaps make it "
    "wide.",
    "mean score": "The mean of the scores that belong to a cluster's heatmaps.",
    "standard deviation": "How far the scores of a cluster typically lie from their mean.",
    "membership": "The share of the most similar heatmaps that lie in the same cluster; near 1 is "
    "a clear case, near 0 an odd heatmap.",
    "unlike any cluster": "The heatmap lies farther from all heatmaps that were clustered than is "
    "usual, so that the figures of the nearest cluster say nothing about it.",
    "stability": "The share of a cluster's pairs of heatmaps that are together again when a part "
    "of the photos, at most 2,500 heatmaps, is clustered anew; under 0.5 the cluster is called "
    "unstable, and a large share says something only where clusters of noise reach less.",
    "stability of noise": "The stability that the same procedure reaches with as many clusters of "
    "chance points, which are spread as widely as the heatmaps and hold no kinds at all.",
    "unstable": "Another choice of photos would have given another cluster, so that its figures "
    "say little.",
    "clustering": "One division of a lab's heatmaps into clusters; a lab can hold several, for "
    "instance with other numbers of clusters.",
    "exact or scale": "Exact compares every heatmap with every other one, as in the paper; scale "
    "does so with a random sample of 10,000 and carries the others into its clusters, which is "
    "much quicker for many heatmaps.",
    "neighbouring numbers": "What would come together or apart if a few clusters more or fewer had "
    "been asked for.",
    "clusters compared": "Each row is a cluster of the clustering above, each number the share of "
    "its heatmaps that lie in a cluster of the other one.",
    "mostly in": "The cluster of the other clustering that holds most of these heatmaps.",
    "other clusters": "The next clusters of the other clustering that hold some of these heatmaps, "
    "each with its share.",
    "heatmaps in both": "How many heatmaps of the cluster the other clustering holds as well.",
    "cluster before": "The cluster of the clustering before that shares most heatmaps with this "
    "one; name and note are taken over from it where at least half of the heatmaps that lie in "
    "either lie in both.",
    "same heatmaps": "Heatmaps that lie in both clusters, as a share of all that lie in "
    "either; heatmaps that only one of the clusterings holds are left out.",
    "cluster name": "A name and a note of your own for what a cluster shows; both stay with it "
    "when the heatmaps are clustered again.",
    "fluke part": "Where on the fluke the supporting parts of the heatmaps lie: the outer fifth on "
    "each side (tips), the edges, the notch in the middle or the surface between.",
    "purity": "The share of the cluster's heatmaps whose photos show its most frequent animal, as "
    "the catalogue names it; near 1 the cluster is about one animal and not a kind of mark that "
    "many animals show.",
    "animals on the photos": "How many animals the photos of the cluster's heatmaps show, as the "
    "catalogue names them.",
    "candidates": "How many individuals the cluster's heatmaps speak for or against, whoever is on "
    "the photos.",
    "purity by candidate": "The share of the cluster's heatmaps that are of its most frequent "
    "candidate, whoever is on the photo.",
    "turned heatmaps": "Heatmaps whose support lies more on the right half were mirrored before "
    "they were compared, so that left and right tip count as one and the left side of the mean "
    "heatmap is the one with more support.",
    "mirrored": "Heatmaps whose support lies more on the right half of the photo than on the left; "
    "it says nothing about the photo itself being turned round.",
    "blurred": "Heatmaps of photos that show less fine detail than most.",
    "new share": "Heatmaps of photos whose animal is new to the model that scored them: the "
    "catalogue names nobody, or an individual that the model never learned because it was held out "
    "whole.",
    "right individual": "The share of these heatmaps whose candidate is the individual that the "
    "catalogue names, at whichever place it stands.",
    "heatmaps of a cluster": "How many heatmaps the figures rest on; a photo has up to five, one "
    "for each candidate.",
    "in unstable clusters": "The share of these heatmaps that lie in unstable clusters: another "
    "choice of photos would have given other clusters, so that their figures say little.",
    "first of several maps": "Where several maps describe a heatmap together, the clusters come "
    "from all of them, but the mean heatmap, what a cluster rests on and its warnings are of the "
    "first one alone.",
    "sigma sweep": "The values of sigma that were tried: a good one leaves few heatmaps without "
    "similar ones, shows a large step between eigenvalues and gives the same clusters from "
    "different parts of the heatmaps.",
    "isolated": "Heatmaps that no other heatmap is similar to at this value of sigma; many of them "
    "mean that sigma is too small.",
    "degree": "How many similar heatmaps a heatmap has on average at this value of sigma.",
    "eigenvalue": "A number from the grouping of the heatmaps: each one close to zero stands for "
    "one group that is well separated from the rest.",
    "eigengap": "The largest step between neighbouring eigenvalues; the number of eigenvalues "
    "before it is a natural number of clusters.",
    "aligned flukes": "Heatmaps that lie more on the right are mirrored before they are compared, "
    "so that a cluster holds left and right tips together; without it the two fall apart.",
    "clusters anew": "Without it clusters that were made before stay where they are while heatmaps "
    "are added, as long as at least half of the heatmaps were there; with it they are looked for "
    "from the beginning, and may come out quite differently.",
    "choice of sigma": "Found from the heatmaps suits nearly every lab; the paper's value is there "
    "to compare with what was published.",
    "sigma": "How alike two heatmaps must be to count as neighbours when clusters are formed.",
    "mean heatmap": "The heatmaps of a cluster averaged place by place.",
    "held out": "Kept away from training, so that the score of the photo is an honest test.",
    "fold": "One of the equal parts into which the photos are divided, so that each photo is "
    "scored by a model that was not trained on it.",
    "verdict": "What you should do with the identification of a photo: accept, check, treat "
    "as a new whale or take another photo.",
    "chance of being right": "How often the first candidate of photos like this one is right, "
    "estimated from photos kept away from training; that the animal may be new is taken into "
    "account.",
    "reliable": "The first candidate can be accepted: identifications like this one were wrong no "
    "more often than the lab allows.",
    "check": "Compare the candidates by eye before you accept one: identifications like this one "
    "were wrong too often.",
    "check by eye": "Compare the candidates by eye before you accept one.",
    "new_whale": "The animal is probably not in the catalogue yet.",
    "decision": "What a person says about a photo: who it is, that the animal is new, or that it "
    "cannot be identified; decisions are kept for good, and can be taken back.",
    "decision for an encounter": "The photos of one encounter show one animal, so one decision can "
    "be about all of them: each photo gets it, or none does, and it is taken back as one.",
    "note": "What the reviewer wrote beside the decision.",
    "reviewer": "The person who decides; the name is kept with each decision and remembered until "
    "the browser is closed.",
    "new individual": "An animal that the lab does not know yet: it gets the next free name and "
    "can be chosen for other photos at once, unless no fluke was found on this one and its "
    "crop was not corrected.",
    "cannot be identified": "The photo does not show enough to say who it is; another one is "
    "needed.",
    "undo": "Your decision no longer counts, and the one that you made before it counts again; "
    "both stay in the list.",
    "conflict": "Two people decided differently about a photo; both decisions are kept, and the "
    "photo keeps the catalogue's name until they agree.",
    "pile": "Photos that somebody should look at, those whose first candidate is least likely to "
    "be right on top.",
    "retake": "The photo is not good enough for an identification; take or choose another one.",
    "quality": "What can be said about a photo without knowing the animal, such as sharpness and "
    "exposure, each from 0 to 1.",
    "sharpness": "How much fine detail the crop holds, from 0 (blurred) to 1 (crisp).",
    "exposure": "The share of the crop that is neither black nor burnt out.",
    "contrast": "How far bright and dark parts of the crop lie apart.",
    "fluke share": "The share of the photo that the fluke's box covers.",
    "resolution": "The pixels of the crop against the pixels the identifier can use, at most 1.",
    "model": "One trained identifier; everything computed with it carries its short name.",
    "photos learned from": "The photos that the model was trained on; their own scores say nothing "
    "about new photos.",
    "individuals of a model": "How many individuals the model was trained to name; others are "
    "known by their photos.",
    "network": "The kind of neural network: the more layers it has, the more it can learn and the "
    "longer everything takes.",
    "models to train": "One model scores only the part of the photos that it did not learn from; "
    "as many models as there are parts score all photos and take so many times as long.",
    "sample of photos": "A random sample of so many photos, those that have heatmaps included.",
    "setting": "What was chosen for a training; most of it comes with the preset.",
    "name for --set": "How the setting is called on the command line, after --set of the command "
    "train.",
    "training curves": "What the network came to in each pass over the individuals; training "
    "longer helps while right answers still rise at the end.",
    "pass": "Every individual is shown to the network once, with four or so of its photos.",
    "loss": "How wrong the network still is on the photos that it learns from, smaller is better; "
    "it can be compared only between trainings with the same losses and the same photos.",
    "validation curve": "How often the first candidate was right, after each pass at the full "
    "size, for photos that the network does not learn from.",
    "map@5": "Each photo counts 1 where the right individual is the first candidate, 1/2 where it "
    "is the second, and so on to 1/5, else 0; this is the mean.",
    "learning rate": "How far the network moves at each step of its training: little at first, "
    "soon most, then less and less.",
    "two trainings": "The curves of both lie on top of each other, and the settings in which they "
    "differ are listed.",
    "calibration": "Adjusting the scores so that they can be read as probabilities, on photos kept "
    "away from training.",
    "test photo": "A photo that neither the network nor the rules of the verdict had seen, so that "
    "it shows how they will do on new photos.",
    "measure": "What was measured, on photos kept away from training.",
    "value of a figure": "The figure as measured on these photos; other photos of the same kind "
    "would have given another one, most often between the two ends of the interval.",
    "photos counted": "How many photos it rests on; few photos make it uncertain.",
    "known and right": "Photos of an animal that the catalogue names, whose first candidate is "
    "this animal.",
    "known and wrong": "Photos of an animal that the catalogue names, whose first candidate is "
    "another one.",
    "truly new": "Photos of an animal that the model was never shown.",
    "promise": "The largest share of wrong identifications among those called reliable that the "
    "lab allows; it is kept with 95 % confidence on photos like the lab's own.",
    "probability": "How often a verdict like this one is right: of 100 photos with 80 %, about 80 "
    "should be right.",
    "reliability diagram": "Photos are gathered by the probability they were given, and each dot "
    "shows how many of them were right: dots on the dashed line mean that the probability is right "
    "as often as it says.",
    "calibration error": "How far probability and share of right identifications lie apart on "
    "average; with few photos even perfect probabilities do not reach 0.",
    "squared error": "The mean of the squared differences between probability and truth (1 for "
    "right, 0 for wrong), lower is better; also called Brier score.",
    "risk-coverage curve": "Photos are accepted one after the other, the surest first, and the "
    "line shows how many of those accepted are wrong: the lower, the fewer errors for the same "
    "work; the area under it sums that up.",
    "auroc": "How often the surer of two photos, one right and one wrong, is the right one: 0.5 is "
    "chance, 1 is perfect.",
    "score alone": "Photos ordered by the first candidate's score and nothing else.",
    "lead alone": "Photos ordered by how far the first candidate's score lies above the second's "
    "and nothing else.",
    "answer set": "The individuals, and perhaps the answer new whale, among which the right answer "
    "is for the given share of all photos; this holds over all photos together and not for one "
    "whale, one kind of photo or this photo alone.",
    "gain of heatmaps": "The same photos judged with and without what the heatmaps and their "
    "clusters say; an interval that reaches 0 means that no difference is shown.",
    "faithful": "A heatmap is faithful when covering the places it names first lowers the score "
    "sooner than covering others would.",
    "tested map": "The heatmap that says in which order the photo is covered; maps that know "
    "nothing of the network stand beside it.",
    "covering": "The score that is left while the photo is covered place by place in the order of "
    "the heatmap, lower is better; also called deletion.",
    "uncovering": "The score that is reached while the photo is uncovered place by place in the "
    "order of the heatmap, higher is better; also called insertion.",
    "forgetting": "How alike a heatmap stays when the network forgets what it learned: near 0 is "
    "right, because a heatmap of an ignorant network should look different.",
    "evidence": "All numbers from which a verdict is made: scores, similar photos, the heatmap, "
    "its cluster and the quality of the photo.",
    "usual": "The middle half of the lab's scored photos lies between these two values; the usual "
    "value that a reason names is the one in the middle, with as many photos above it as below.",
    "spread of the score": "How evenly the score is divided among the five candidates: 1 if one "
    "has it all, 5 if all five are equally likely.",
    "nearest likeness": "How similar the network finds this photo to the most similar photo of a "
    "known whale: 1 is the same photo, 0 has nothing in common.",
    "nearest agreement": "The share of the five most similar photos of known whales that show the "
    "first candidate.",
    "compactness": "The share of the supporting places' weight that lies in the strongest tenth of "
    "the heatmap: high means that few places decide.",
    "inside the fluke": "The share of the supporting places' weight that lies on the fluke and "
    "not on the water around it.",
    "balance": "Weight of the places for the candidate less that of the places against, from -1 "
    "(all against) to 1 (all for).",
    "agreement of heatmaps": "How alike the occlusion map and Grad-CAM of the first candidate "
    "are: 1 is the same, 0 means they have nothing to do with each other.",
    "agreement of sizes": "How alike the heatmap is to one made by covering squares twice as "
    "large: 1 is the same.",
    "parts of the fluke": "How much of what speaks for the first candidate lies on this part: left "
    "and right tip (the outer fifth on each side), trailing edge, notch, leading edge and inner "
    "surface together hold all of it; the pigmentation of the inner surface changes in young "
    "animals.",
    "fluke size": "Pixels of the photo that the fluke's box takes: a fluke of few pixels shows few "
    "details.",
    "changing parts": "The outer fifth on each side, the tips, wears and scars most, so that an "
    "identification that rests on it can fail for the same animal years later.",
    "sighting support": "The mean score that the other photos of the same sighting give to the "
    "first candidate.",
    "visible": "The share of the place where a fluke usually is in the crop that is fluke here: "
    "low when it is under water or behind spray.",
    "cut off": "The share of the crop's outline that lies on the edge of the photo: high when "
    "part of the fluke is outside.",
    "crop confidence": "How sure the detector is that its box is around a fluke, from 0 to 1.",
    "job": "Work that goes on in the background, also when this page or the dashboard is closed; "
    "one at a time in a lab.",
    "preset": "A set of choices under one name: laptop is quick on any computer, paper is the "
    "published method and needs a graphics card, demo is for the drawings.",
    "views of heatmaps": "The chosen candidate by both methods; what speaks for each of the five "
    "candidates, on one scale; or any two heatmaps of the photo and their difference.",
    "agreement of two heatmaps": "Pearson's correlation of the two, on the coarser grid: 1 is the "
    "same pattern, 0 means they have nothing to do with each other, -1 is the opposite.",
    "difference of two heatmaps": "Left minus right, place by place, after each was divided by its "
    "own strongest value: it compares patterns and not strengths.",
    "score range": "Only clusters whose mean score lies between the two numbers are shown.",
    "correct range": "Only clusters are shown in which the share of heatmaps of the right "
    "individual lies between the two numbers.",
    "quality problem": "The photo is among the worst tenth of the clustered photos in sharpness, "
    "exposure, contrast or resolution, or no fluke was found on it.",
    "far from the mean": "How many standard deviations (z) a heatmap's score lies from the mean "
    "score of its cluster: below -2 or above 2 is unusual and worth a look.",
    "map of heatmaps": "Each dot is a heatmap, and dots that lie together stand for heatmaps that "
    "look alike; distances between far groups and the directions mean nothing.",
    "arranged map": "Dots were moved until each lies near the heatmaps that are most like it "
    "(t-SNE); before that, the cloud of heatmaps is seen from its broadest side (principal "
    "components), where different heatmaps can lie on each other.",
    "columns of a catalogue": "A row of the file is a photo: its file name and the individual are "
    "needed (empty, new_whale or unknown where nobody knows it), the others help.",
    "family name": "What people call a family of clusters; it is kept with the clustering, and the "
    "family keeps it while it is made of the same clusters.",
    "family of clusters": "Clusters whose mean heatmaps look alike: of two mean heatmaps the "
    "correlation counts, so that the pattern matters and not its strength.",
    "export": "Files to take along: for spreadsheets, other programs, papers and colleagues.",
    "csv file": "A table that every spreadsheet opens; a text that a spreadsheet would run as a "
    "formula gets a ' in front, which an import into a lab takes away again.",
    "parquet": "A small file that keeps every number exactly, for R, Python and other programs "
    "for data.",
    "chart picture": "The chart on white for papers and talks: PNG is made of dots, SVG of lines "
    "that stay sharp in any size and can be edited.",
    "page to print": "Everything about this photo on one page that any browser opens without the "
    "dashboard: photo, five candidates with heatmaps, cluster, verdict and decisions, on A4 when "
    "printed.",
    "page to keep": "All charts and figures on one page that any browser opens without the "
    "dashboard, to keep and to send.",
    "location id": "The place as the menu of your Wildbook calls it; not needed where your photos "
    "have latitude and longitude.",
    "wildbook": "A public catalogue of wild animals; its bulk import takes spreadsheets of at most "
    "200 sightings together with the photos.",
    "kaggle submission": "The file that the competition Humpback Whale Identification asks for, "
    "with the columns Image and Id.",
    "near duplicate": "A photo that is almost the same picture as another one, for instance a "
    "resized copy.",
}
"""Term to sentence; the terms are lower case."""

_OTHER_NAMES = {
    "osm": "occlusion sensitivity map",
    "gradcam": "grad-cam",
    "new whale": "new_whale",
    "take another photo": "retake",
    "check by hand": "check",
    "top b": "rank",
    "query": "photo",
    "reference assignment": "reference",
    "spread": "standard deviation",
}


def explain(term: str) -> str:
    """The sentence that explains a term; upper and lower case do not matter.

    Raises
    ------
    SettingsError
        When the glossary has no such term.
    """
    name = " ".join(term.lower().split())
    name = _OTHER_NAMES.get(name, name)
    if name not in TERMS:
        near = get_close_matches(name, [*TERMS, *_OTHER_NAMES], n=1)
        hint = f"did you mean '{near[0]}'?" if near else "see whalecore.glossary.TERMS."
        raise SettingsError(f"The glossary has no term '{term}': {hint}")
    return TERMS[name]
